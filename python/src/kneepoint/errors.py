"""What goes wrong, with the gateway's own code (docs/failures.md lists them)."""

from __future__ import annotations

from typing import Any, Mapping


class KneepointError(Exception):
    """A request that the gateway, or its store, refused.

    ``code`` is one of the registry's, ``where`` what it is about, ``fix`` what would be right; ``retryable`` says
    whether the same request may succeed when it is repeated.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        where: str | None = None,
        fix: str | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(f"{code}: {message}" + (f" ({where})" if where else "") + (f". {fix}" if fix else ""))
        self.code = code
        self.message = message
        self.where = where
        self.fix = fix
        self.retryable = retryable

    @classmethod
    def of(cls, error: Mapping[str, Any]) -> KneepointError:
        """From an error of a GraphQL answer, or a user error of a payload."""
        extensions = error.get("extensions") or {}
        return cls(
            str(extensions.get("code") or error.get("code") or "INTERNAL"),
            str(error.get("message") or "the gateway gave no reason"),
            where=extensions.get("where") or error.get("where") or error.get("field"),
            fix=extensions.get("fix") or error.get("fix"),
            retryable=bool(extensions.get("retryable", error.get("retryable", False))),
        )


class GatewayUnreachable(KneepointError):
    """No gateway answers, or something that is none does."""

    def __init__(self, message: str, where: str) -> None:
        super().__init__(
            "GATEWAY_UNREACHABLE",
            message,
            where=where,
            fix="Check the address, and whether the gateway runs",
            retryable=True,
        )


class RunFailed(KneepointError):
    """A run that ended otherwise than by success; ``run`` is its last state, ``retryable`` whether ``retry`` may help."""

    def __init__(self, run: Mapping[str, Any]) -> None:
        failure = run.get("failure") or {}
        super().__init__(
            str(failure.get("code") or "RUN_ENDED"),
            str(failure.get("message") or f"the run ended as {run['state']}"),
            where=failure.get("where") or run["id"],
            fix=failure.get("fix"),
            retryable=bool(failure.get("retryable")),
        )
        self.run = dict(run)
