"""Bytes to and from the store behind a gateway. Nothing is held in memory whole."""

from __future__ import annotations

import hashlib
import os
import tarfile
import uuid
from pathlib import Path
from typing import Any, BinaryIO, Iterable, Iterator, Mapping, Sequence

import requests

from .errors import KneepointError

_CHUNK = 1 << 20
#: Seconds to connect, and between two pieces of an answer.
_TIMES = (10, 120)
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".zip")
#: How exporters call the file of weights beside ``net.onnx``.
_WEIGHTS = ("{name}.data", "{name}_data", "{stem}.data", "{stem}.bin", "{stem}.weights")
#: What says how pixels become the input.
_BESIDE = ("{stem}.preprocess.json", "preprocessor_config.json")


def is_archive(path: Path) -> bool:
    return path.name.lower().endswith(_ARCHIVES)


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def pack_model(model: Path, data: Sequence[Path], out: Path) -> Path:
    """The one file to send for a model: its own, or ``out``, a tar with the files that belong to it."""
    beside = [model.parent / name.format(name=model.name, stem=model.stem) for name in (*_WEIGHTS, *_BESIDE)]
    files = {_name_in(model.parent, path): path for path in (*data, *beside) if path in data or path.is_file()}
    if not files:
        return model
    # A cache of models has links in the place of files: what a model names are the links.
    with tarfile.open(out, "w", format=tarfile.PAX_FORMAT, dereference=True) as archive:
        for name, path in {model.name: model, **files}.items():
            archive.add(path, arcname=name, recursive=False, filter=_plain)
    return out


def _name_in(folder: Path, path: Path) -> str:
    """How a model in a folder calls a file. What that is a link to does not matter, and which way leads to the folder neither."""
    whole = Path(os.path.abspath(path))
    for place, root in ((whole, Path(os.path.abspath(folder))), (whole.parent.resolve() / whole.name, folder.resolve())):
        if place.is_relative_to(root):
            return place.relative_to(root).as_posix()
    raise KneepointError(
        "EXTERNAL_DATA_LOCATION",
        "the file lies outside of the model's folder",
        where=str(path),
        fix="Put it where the model says it lies, in or below the folder of the .onnx file",
    )


def pack_folder(folder: Path, out: Path) -> Path:
    """A tar of a folder, in an order that does not depend on the disk, so that the same files make the same bytes."""
    with tarfile.open(out, "w", format=tarfile.PAX_FORMAT, dereference=True) as archive:
        for name, path in sorted((path.relative_to(folder).as_posix(), path) for path in _files(folder)):
            archive.add(path, arcname=name, recursive=False, filter=_plain)
    return out


def _files(folder: Path, above: frozenset[tuple[int, int]] = frozenset()) -> Iterator[Path]:
    """Files below a folder. Links are followed, but not into a folder that they lie in: that would have no end."""
    status = folder.stat()
    here = (status.st_dev, status.st_ino)
    if here in above:
        return
    for name in os.listdir(folder):
        path = folder / name
        if path.is_dir():
            yield from _files(path, above | {here})
        elif path.is_file():
            yield path


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Who owns a file, and since when, is nobody's business."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = 0
    return entry


class _Part:
    """A piece of a file, as a body of known length that is read as it is sent."""

    def __init__(self, file: BinaryIO, offset: int, length: int) -> None:
        file.seek(offset)
        self._file = file
        self._left = length
        self.len = length

    def __len__(self) -> int:
        return self.len

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        chunk = self._file.read(wanted)
        self._left -= len(chunk)
        return chunk


def send(path: Path, parts: Iterable[Mapping[str, Any]]) -> None:
    """PUTs each part of a file where the store wants it."""
    for part in parts:
        with path.open("rb") as file:
            body = _Part(file, part["offset"], part["bytes"])
            try:
                answer = requests.put(
                    part["url"],
                    data=body,
                    headers={"content-type": "application/octet-stream"},
                    timeout=_TIMES,
                )
            except requests.RequestException as error:
                raise _refused("UPLOAD_REFUSED", "the store gave no answer", path, error) from error
        if not answer.ok:
            raise _refused("UPLOAD_REFUSED", f"the store answered {answer.status_code}", path)


def fetch(link: Mapping[str, Any], path: Path) -> Path:
    """Brings an artifact to a path, whole and with the right sum, or not at all."""
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    try:
        with requests.get(link["downloadUrl"], stream=True, timeout=_TIMES) as answer:
            if not answer.ok:
                raise _refused("DOWNLOAD_FAILED", f"the store answered {answer.status_code}", path)
            with partial.open("wb") as file:
                for chunk in answer.iter_content(_CHUNK):
                    digest.update(chunk)
                    file.write(chunk)
        if digest.hexdigest() != link["sha256"]:
            raise _refused("DOWNLOAD_FAILED", f"{digest.hexdigest()} arrived where {link['sha256']} was asked for", path)
        partial.replace(path)
    except requests.RequestException as error:
        raise _refused("DOWNLOAD_FAILED", "the store gave no answer", path, error) from error
    finally:
        partial.unlink(missing_ok=True)
    return path


def _refused(code: str, message: str, path: Path, error: Exception | None = None) -> KneepointError:
    # An address that was signed is as good as a key: what an exception says of it is not told.
    reason = f" ({type(error).__name__})" if error else ""
    return KneepointError(code, message + reason, where=str(path), fix="Try again", retryable=True)
