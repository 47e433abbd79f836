"""What a run keeps of the instances it released, so that their views can be served: raw object and access items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from local.account import ACCESS
from local.state import OutputFolder, write_if_changed
from services.access_table import AccessItem, AccessTable
from services.views import View

_ITEMS: Final = TypeAdapter(tuple[AccessItem, ...])
Views = Mapping[str, Mapping[str, str]]


def default_views(profile: str, domain: str) -> dict[str, dict[str, str]]:
    """The one view of a run that was told of none: the release profile, in a domain of its own."""
    return {"default": {"profile": profile, "domain": f"{domain}/view"}}


def keep(folder: OutputFolder, instance_id: str, raw: bytes) -> None:
    """Store what the running engine published of an instance, and the raw object that its headers come from."""
    folder.keep_raw(instance_id, raw)
    items = AccessTable(ACCESS).of_instance(instance_id)
    write_if_changed(folder.state / "access" / f"{instance_id}.json", _ITEMS.dump_json(items, indent=1))


def kept(folder: OutputFolder) -> Iterator[AccessItem]:
    """Every item that was stored and whose files are still there."""
    for path in sorted((folder.state / "access").glob("*.json")):
        if (folder.state / "raw" / path.stem).is_file():
            yield from _read(path)


def is_published(folder: OutputFolder, instance_id: str, views: Views) -> bool:
    """Whether an instance was published in exactly these views, as they are now."""
    path = folder.state / "access" / f"{instance_id}.json"
    if not path.is_file() or not (folder.state / "raw" / instance_id).is_file():
        return False
    items = {item.view: item for item in _read(path)}
    if not items:
        # The same object came from two files, and the views show it as the other one's.
        return True
    if set(items) != set(views):
        return False
    shown = (View(name, **fields) for name, fields in views.items())
    return all(items[v.name].etag == v.etag(items[v.name].raw_version, items[v.name].deid_version) for v in shown)


def _read(path: Path) -> tuple[AccessItem, ...]:
    """The items of one instance; none where another version of the tool wrote them in another form."""
    try:
        return _ITEMS.validate_json(path.read_bytes())
    except ValidationError:
        return ()
