"""A gateway, asked from Python: the same dozen calls as everywhere, and ``query`` for all the rest of the schema."""

from __future__ import annotations

import json
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

import requests
from gql import Client as GraphqlClient
from gql import gql
from gql.transport.exceptions import TransportError, TransportQueryError, TransportServerError
from gql.transport.requests import RequestsHTTPTransport

from . import transfer
from .errors import GatewayUnreachable, KneepointError, RunFailed

#: States that a run does not leave.
ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELED", "TIMED_OUT"})

_PAGE = 50
_ARTIFACT = "sha256 bytes downloadUrl"
_RUN = """
  id kind state seq reused
  progress { fraction stepsDone stepsTotal current done total unit etaSeconds }
  failure { code message where fix retryable }
  model { id name } dataset { id name }
"""
_USER_ERRORS = "userErrors { code field message retryable }"


class Client:
    """Asks one gateway as one principal.

    Args:
        url: Where the gateway is, such as ``http://127.0.0.1:4000``.
        token: An API token (``kp_…``) or an OpenID token; none where the gateway asks for none.
        project: The project to work in, for those who may work in several.
        timeout: Seconds until an answer has to be there.

    Every call raises ``KneepointError`` with the gateway's code, ``GatewayUnreachable`` where nobody answers.
    """

    def __init__(self, url: str, token: str | None = None, project: str | None = None, *, timeout: int = 60) -> None:
        self.url = url.rstrip("/").removesuffix("/graphql")
        headers = {"authorization": f"Bearer {token}"} if token else {}
        if project:
            headers["x-kneepoint-project"] = project
        self._timeout = timeout
        self._headers = headers

    def query(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data of any query or mutation of the schema (``schema.graphql``, docs/graphql.md)."""
        request = gql(document)
        request.variable_values = variables
        transport = RequestsHTTPTransport(f"{self.url}/graphql", headers=self._headers, timeout=self._timeout)
        try:
            with GraphqlClient(transport=transport, execute_timeout=None) as session:
                return session.execute(request)
        except TransportQueryError as error:
            raise KneepointError.of((error.errors or [{}])[0]) from error
        except (TransportError, requests.RequestException) as error:
            status = f" (HTTP {error.code})" if isinstance(error, TransportServerError) and error.code else ""
            message = f"no gateway answers at {self.url}{status}: {type(error).__name__}"
            raise GatewayUnreachable(message, self.url) from error

    # Models and data sets

    def upload(self, path: str | Path) -> str:
        """Sends a file; its SHA-256, by which registrations refer to it."""
        path = Path(path)
        fields = "upload { id parts { url offset bytes } }"
        created = self._mutate("createUpload", {"bytes": ("SafeInt!", path.stat().st_size)}, fields)
        transfer.send(path, created["upload"]["parts"])
        sha256 = transfer.sha256_of(path)
        wanted = {"id": ("ID!", created["upload"]["id"]), "sha256": ("String!", sha256)}
        while True:
            try:
                self._mutate("completeUpload", wanted, "sha256")
                return sha256
            except KneepointError as error:
                # A file of gigabytes is summed up meanwhile.
                if error.code != "UPLOAD_UNDER_CHECK":
                    raise
                time.sleep(0.5)

    def upload_model(
        self,
        path: str | Path,
        name: str | None = None,
        *,
        data: Sequence[str | Path] = (),
        preprocess: Mapping[str, Any] | None = None,
        primary_task: str | None = None,
    ) -> dict[str, Any]:
        """Sends an ONNX file and registers it; the model.

        Args:
            data: Files with its weights. Those called as exporters do (``net.onnx.data``) are found by themselves.
            preprocess: How pixels become the input, as docs/data.md has it; by the file ``net.preprocess.json`` beside
                the model, or by what the exporter wrote, when absent.
            primary_task: What it was trained for.
        """
        path = Path(path)
        with tempfile.TemporaryDirectory(prefix="kneepoint-") as scratch:
            packed = transfer.pack_model(path, [Path(file) for file in data], Path(scratch, "model.tar"))
            upload = self.upload(packed)
        fields = {"name": name or path.stem, "upload": upload, "preprocess": preprocess, "primaryTask": primary_task}
        run = self.wait(self.launch("registerModel", fields)["id"])
        return self.query("query($id: ID!) { model(id: $id) { id name notes parameters macs } }", id=run["model"]["id"])["model"]

    def upload_dataset(
        self,
        path: str | Path,
        name: str | None = None,
        *,
        group: str | None = None,
        schema: Mapping[str, Any] | None = None,
        reading: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Sends a folder of labelled images, or an archive of one, and registers it; the data set.

        Args:
            group: Column whose value keeps images together when the set is split, such as the person.
            schema: Types, classes, bins and units of the tasks; inferred when absent.
            reading: ``format``, ``split`` and what else docs/data.md names; by what lies there when absent.
        """
        path = Path(path)
        with tempfile.TemporaryDirectory(prefix="kneepoint-") as scratch:
            archive = transfer.pack_folder(path, Path(scratch, "dataset.tar")) if path.is_dir() else path
            upload = self.upload(archive)
        stem = path.resolve().name
        for ending in (".tar.gz", ".tgz", ".tar", ".zip"):
            stem = stem.removesuffix(ending)
        fields = {"name": name or stem, "upload": upload, "group": group, "schema": schema, "reading": reading}
        run = self.wait(self.launch("registerDataset", fields)["id"])
        selection = "id name images subject notes tasks { name type classes unit }"
        return self.query(f"query($id: ID!) {{ dataset(id: $id) {{ {selection} }} }}", id=run["dataset"]["id"])["dataset"]

    def models(self) -> Iterator[dict[str, Any]]:
        """All models of the project, newest first."""
        return self._pages("models", "id name parameters macs primaryTask createdAt")

    def datasets(self) -> Iterator[dict[str, Any]]:
        """All data sets of the project, newest first."""
        return self._pages("datasets", "id name images subject createdAt tasks { name type }")

    # Runs

    def launch(self, mutation: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Launches any run; ``fields`` are those of the mutation's input, and those that are None are left out.

        Repeating the call launches another run; a request that was lost on the way is not launched twice.
        """
        given = {name: value for name, value in fields.items() if value is not None}
        given.setdefault("idempotencyKey", str(uuid.uuid4()))
        kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
        for attempt in range(3):
            try:
                return self._mutate(mutation, {"input": (kind, given)}, f"run {{ {_RUN} }}")["run"]
            except GatewayUnreachable:
                if attempt == 2:
                    raise
                time.sleep(1 << attempt)
        raise AssertionError("unreachable")

    def launch_compression(
        self,
        model: str,
        dataset: str,
        task: str | Sequence[str],
        *,
        keep: float | None = None,
        remove: float | None = None,
        epsilon: float | None = None,
        arms: Sequence[str] | None = None,
        plan: Mapping[str, Any] | None = None,
        training: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        """Launches the whole job: analysis, cut, training, comparison, report; the run.

        Args:
            keep: Share of the whole network's metric that must stay, such as 0.99 (also the default).
            remove: Share of the multiply-accumulates that shall go, such as 0.8.
            epsilon: The knee on the characteristic curves, such as 0.01.
            arms: What is trained for comparison, such as ``["FINETUNED", "SCRATCH", "UNPRUNED"]``.
            plan: Further fields of the plan, such as ``{"roundTo": 8}``.
            training: How to train, such as ``{"epochs": 20}``.
            fields: Anything else that ``LaunchCompressionInput`` has.
        """
        wanted = {"task": task} if isinstance(task, str) else {"tasks": list(task)}
        given: dict[str, Any] = {
            "model": model,
            "dataset": dataset,
            "keep": None if keep is None else {"share": keep},
            "targets": None if remove is None else [{"kind": "MACS", "remove": remove}],
            "epsilons": None if epsilon is None else [epsilon],
            "arms": None if arms is None else list(arms),
            "plan": {**wanted, **(plan or {})},
            "training": training,
            **fields,
        }
        return self.launch("launchCompression", given)

    def run(self, id: str) -> dict[str, Any]:
        """A run as it is now."""
        found = self.query(f"query($id: ID!) {{ run(id: $id) {{ {_RUN} }} }}", id=id)["run"]
        if found is None:
            raise KneepointError("RUN_UNKNOWN", "there is no such run", where=id)
        return found

    def runs(self) -> Iterator[dict[str, Any]]:
        """All runs of the project, newest first."""
        return self._pages("runs", _RUN)

    def follow(self, id: str, *, every: float = 1.0, patience: float = 60.0) -> Iterator[dict[str, Any]]:
        """Each state of a run until it has ended, asked for every so many seconds.

        A gateway that is away is waited for, ``patience`` seconds at most.
        """
        seq = -1
        heard = time.monotonic()
        while True:
            try:
                state = self.run(id)
                heard = time.monotonic()
            except KneepointError as error:
                if not error.retryable or time.monotonic() - heard > patience:
                    raise
                time.sleep(every)
                continue
            if state["seq"] > seq:
                seq = state["seq"]
                yield state
            if state["state"] in ENDED:
                return
            time.sleep(every)

    def wait(self, id: str, *, every: float = 0.5) -> dict[str, Any]:
        """Waits until a run has ended; its last state. Raises ``RunFailed`` where that is not success."""
        last: dict[str, Any] = {}
        for last in self.follow(id, every=every):
            pass
        if last["state"] != "SUCCEEDED":
            raise RunFailed(last)
        return last

    def cancel(self, id: str) -> dict[str, Any]:
        """Ends a run; what it has finished is kept and found again."""
        return self._mutate("cancelRun", {"id": ("ID!", id)}, f"run {{ {_RUN} }}")["run"]

    def retry(self, id: str) -> dict[str, Any]:
        """Launches the work of a failed or canceled run again; the new run."""
        return self._mutate("retryRun", {"id": ("ID!", id)}, f"run {{ {_RUN} }}")["run"]

    # Results

    def compressions(self, id: str) -> list[dict[str, Any]]:
        """The networks that a compression delivers, with links that are valid for 15 minutes."""
        fields = f"label epsilon model {{ {_ARTIFACT} }}"
        document = f"""query($id: ID!, $after: String) {{ run(id: $id) {{
            compressions(first: {_PAGE}, after: $after) {{ edges {{ node {{ {fields} }} }} pageInfo {{ hasNextPage endCursor }} }}
        }} }}"""
        return list(self._walk(document, ["run", "compressions"], id=id))

    def report(self, id: str) -> dict[str, Any]:
        """The report of a run that has succeeded, as docs/report.md describes it."""
        found = self.query(f"query($id: ID!) {{ run(id: $id) {{ report {{ file {{ {_ARTIFACT} }} }} }} }}", id=id)["run"]
        if found is None:
            raise KneepointError("RUN_UNKNOWN", "there is no such run", where=id)
        if found["report"] is None:
            raise KneepointError("RUN_ENDED", "the run has not ended well, and has no report", where=id)
        with tempfile.TemporaryDirectory(prefix="kneepoint-") as scratch:
            return json.loads(transfer.fetch(found["report"]["file"], Path(scratch, "report.json")).read_text("utf-8"))

    def download(self, artifact: Mapping[str, Any], path: str | Path) -> Path:
        """Brings an artifact (its ``sha256`` and ``downloadUrl``) to a path, whole and checked, or not at all."""
        return transfer.fetch(artifact, Path(path))

    # How it is asked

    def _mutate(self, name: str, arguments: Mapping[str, tuple[str, Any]], selection: str) -> dict[str, Any]:
        declared = ", ".join(f"${argument}: {kind}" for argument, (kind, _) in arguments.items())
        passed = ", ".join(f"{argument}: ${argument}" for argument in arguments)
        document = f"mutation({declared}) {{ {name}({passed}) {{ {selection} {_USER_ERRORS} }} }}"
        payload = self.query(document, **{argument: value for argument, (_, value) in arguments.items()})[name]
        if payload["userErrors"]:
            raise KneepointError.of(payload["userErrors"][0])
        return payload

    def _pages(self, name: str, fields: str) -> Iterator[dict[str, Any]]:
        document = f"""query($after: String) {{ {name}(first: {_PAGE}, after: $after) {{
            edges {{ node {{ {fields} }} }} pageInfo {{ hasNextPage endCursor }}
        }} }}"""
        return self._walk(document, [name])

    def _walk(self, document: str, path: Sequence[str], **variables: Any) -> Iterator[dict[str, Any]]:
        after: str | None = None
        while True:
            page: Any = self.query(document, after=after, **variables)
            for name in path:
                page = (page or {}).get(name)
            if page is None:
                raise KneepointError("RUN_UNKNOWN", "there is no such run", where=str(variables.get("id")))
            for edge in page["edges"]:
                yield edge["node"]
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]
