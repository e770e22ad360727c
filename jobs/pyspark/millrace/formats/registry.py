"""The schema registry, as far as jobs read it.

A schema never changes under its id, so it is fetched once, and what was asked once is not asked again: an outage of the registry while a job runs
stops nothing.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field

from millrace.errors import JobError
from millrace.job.document import Url

API = "/apis/registry/v3"
GROUP = "default"
MOST_VERSIONS = 500
TIMEOUT_SECONDS = 5.0
PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0)
"""Between one try and the next: about 45 s in all, enough for a registry that is being replaced."""


@dataclass(frozen=True)
class Registry:
    """A client that reads. What cannot be had raises SCHEMA_NOT_FOUND, REGISTRY_REFUSED or REGISTRY_UNREACHABLE."""

    url: Url
    _texts: dict[int, str] = field(default_factory=dict, init=False, repr=False, compare=False)
    _ids: dict[str, set[int]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """By topic, the ids of the schemas of its values."""
    _unknown: dict[str, set[int]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """By topic, the ids that came up in it and are of no schema."""

    def schema(self, content_id: int) -> str:
        """The text of the schema with this id."""
        if content_id not in self._texts:
            self._texts[content_id] = self._get(f"/ids/contentIds/{content_id}", f"schema {content_id}")
        return self._texts[content_id]

    def schemas_of_values(self, topic: str, reader_id: int) -> dict[int, str]:
        """Every schema that values of a topic were ever written with, by id: what a reader of old records must know. Its own is always among them.

        Raises:
            JobError: TOO_MANY_SCHEMAS, or as said above.
        """
        if topic not in self._ids:
            self._ids[topic] = self._ids_of(topic)
        return {content_id: self.schema(content_id) for content_id in sorted(self._ids[topic] | {reader_id})}

    def unknown(self, topic: str) -> frozenset[int]:
        """The ids that came up in values of a topic while the job ran, and that are of no schema."""
        return frozenset(self._unknown.get(topic, ()))

    def learn(self, topic: str, content_id: int) -> bool:
        """Asks, once, for an id that came up in values of a topic while the job runs; whether it is of a schema. A registry that does not answer
        knows none.
        """
        with contextlib.suppress(JobError):
            ids = self._ids_of(topic, ())
            for new in ids - self._ids.get(topic, set()):
                self._texts[new] = self._get(f"/ids/contentIds/{new}", f"schema {new}", ())
            self._ids[topic] = ids
        known = content_id in self._ids.get(topic, ())
        if not known:
            self._unknown.setdefault(topic, set()).add(content_id)
        return known

    def _ids_of(self, topic: str, pauses: Sequence[float] | None = None) -> set[int]:
        artifact = urllib.parse.quote(f"{topic}-value", safe="")
        path = f"/groups/{GROUP}/artifacts/{artifact}/versions?limit={MOST_VERSIONS}"
        found = json.loads(self._get(path, f"the versions of {topic}-value", pauses))
        if found["count"] > MOST_VERSIONS:
            message = (
                f"{topic}-value has {found['count']} versions in the registry; a job reads {MOST_VERSIONS} at most."
            )
            raise JobError("TOO_MANY_SCHEMAS", message)
        return {int(version["contentId"]) for version in found["versions"]}

    def _get(self, path: str, what: str, pauses: Sequence[float] | None = None) -> str:
        reason = ""
        for pause in (*(PAUSES_SECONDS if pauses is None else pauses), None):
            try:
                address = self.url.rstrip("/") + API + path
                with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310  (http by the platform's own spec)
                    body: bytes = response.read()
                    # All that is asked for is JSON: half of it is none.
                    json.loads(body)
                    return body.decode("utf-8")
            except urllib.error.HTTPError as error:
                if error.code == 404:
                    message = f"The registry at {self.url} does not have {what}. Deploy the schemas, so that the spec has their ids."
                    raise JobError("SCHEMA_NOT_FOUND", message) from error
                if error.code < 500 and error.code != 429:
                    raise JobError(
                        "REGISTRY_REFUSED", f"The registry at {self.url} answered {error.code} when asked for {what}."
                    ) from error
                reason = f"it answered {error.code}"
            except (OSError, http.client.HTTPException) as error:  # no connection, time out, connection closed
                reason = str(getattr(error, "reason", error))
            except ValueError as error:
                reason = f"its answer is no JSON ({error})"
            if pause is not None:
                time.sleep(pause)
        message = f"The registry at {self.url} could not be asked for {what}: {reason}. Check that it runs and can be reached."
        raise JobError("REGISTRY_UNREACHABLE", message)
