"""Takes ids of schemas and names of topics and gives schemas, from the registry's REST interface. Called once, at the start of a job: schemas never
change under their id, so an outage of the registry later on stops nothing.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request

from millrace.errors import JobError

API = "/apis/registry/v3"
GROUP = "default"
MOST_VERSIONS = 500
TIMEOUT_SECONDS = 5.0
PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0)
"""Between one try and the next: about 45 s in all, enough for a registry that is being replaced."""


class Registry:
    """A client that reads."""

    def __init__(self, url: str, pauses: tuple[float, ...] = PAUSES_SECONDS) -> None:
        self._url = url.rstrip("/")
        self._pauses = pauses

    def schema(self, content_id: int) -> str:
        """The text of the schema with this id."""
        return self._get(f"/ids/contentIds/{content_id}", f"schema {content_id}")

    def schemas_of_values(self, topic: str, reader_id: int) -> dict[int, str]:
        """Every schema that values of the topic were ever written with, by id: what a reader of old records must know. The reader's own is
        always among them.
        """
        artifact = urllib.parse.quote(f"{topic}-value", safe="")
        path = f"/groups/{GROUP}/artifacts/{artifact}/versions?limit={MOST_VERSIONS}"
        versions = json.loads(self._get(path, f"the versions of {topic}-value"))["versions"]
        ids = {int(version["contentId"]) for version in versions} | {reader_id}
        return {content_id: self.schema(content_id) for content_id in sorted(ids)}

    def _get(self, path: str, what: str) -> str:
        reason = ""
        for pause in (*self._pauses, None):
            try:
                address = self._url + API + path
                with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310  (http by its argument)
                    body: bytes = response.read()
                    return body.decode("utf-8")
            except urllib.error.HTTPError as error:
                if error.code == 404:
                    message = f"The registry at {self._url} does not have {what}. Deploy the schemas, and pass the ids that the deployment gave."
                    raise JobError("SCHEMA_NOT_FOUND", message) from error
                if error.code < 500 and error.code != 429:
                    raise JobError(
                        "REGISTRY_REFUSED", f"The registry at {self._url} answered {error.code} when asked for {what}."
                    ) from error
                reason = f"it answered {error.code}"
            except OSError as error:  # no connection, time out, connection closed
                reason = str(getattr(error, "reason", error))
            if pause is not None:
                time.sleep(pause)
        message = f"The registry at {self._url} could not be asked for {what}: {reason}. Check that it runs and can be reached."
        raise JobError("REGISTRY_UNREACHABLE", message)
