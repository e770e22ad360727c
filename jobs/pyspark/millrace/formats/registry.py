"""The schema registry, as far as jobs read it.

A schema never changes under its id, so it is fetched once, at the start of a job: an outage of the registry later on stops nothing.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

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

    def schema(self, content_id: int) -> str:
        """The text of the schema with this id."""
        return self._get(f"/ids/contentIds/{content_id}", f"schema {content_id}")

    def schemas_of_values(self, topic: str, reader_id: int) -> dict[int, str]:
        """Every schema that values of a topic were ever written with, by id: what a reader of old records must know. Its own is always among them.

        Raises:
            JobError: TOO_MANY_SCHEMAS, or as said above.
        """
        artifact = urllib.parse.quote(f"{topic}-value", safe="")
        path = f"/groups/{GROUP}/artifacts/{artifact}/versions?limit={MOST_VERSIONS}"
        found = json.loads(self._get(path, f"the versions of {topic}-value"))
        if found["count"] > MOST_VERSIONS:
            message = (
                f"{topic}-value has {found['count']} versions in the registry; a job reads {MOST_VERSIONS} at most."
            )
            raise JobError("TOO_MANY_SCHEMAS", message)
        ids = {int(version["contentId"]) for version in found["versions"]} | {reader_id}
        return {content_id: self.schema(content_id) for content_id in sorted(ids)}

    def _get(self, path: str, what: str) -> str:
        reason = ""
        for pause in (*PAUSES_SECONDS, None):
            try:
                address = self.url.rstrip("/") + API + path
                with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310  (http by the platform's own spec)
                    body: bytes = response.read()
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
            except OSError as error:  # no connection, time out, connection closed
                reason = str(getattr(error, "reason", error))
            if pause is not None:
                time.sleep(pause)
        message = f"The registry at {self.url} could not be asked for {what}: {reason}. Check that it runs and can be reached."
        raise JobError("REGISTRY_UNREACHABLE", message)
