"""How many planted markers come through: this project and other tools with their defaults, over the same files.

``python -m bench.header_leaks_peers``. The markers of one kind of place are spread over many small files, so that an
element which a tool cannot handle costs it one file: a file that is not written leaks nothing and is counted as lost.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

from bench._peers import installed
from dicom_deid.errors import DeidError
from dicom_deid.header.presets import profile_named
from dicom_deid.header.stream import redact
from dicom_deid.pseudonyms import Pseudonymiser
from tests.synthetic import leaks
from tests.synthetic.leaks import Item, Planter

PLACES: dict[str, Callable[[Planter], list[Item]]] = {
    "table": leaks.table_attributes,
    "table, 3 deep": lambda planter: leaks.table_attributes(planter, depth=3),
    "text outside it": leaks.other_attributes,
    "private": leaks.private_blocks,
    "odd corners": leaks.odd_corners,
    "around the data": lambda planter: [],
}
PER_FILE = 20
_UIDS = ((0x00080018, b"1.2.3.4.1"), (0x0020000D, b"1.2.3.4.2"), (0x0020000E, b"1.2.3.4.3"))
Planted = dict[str, dict[str, dict[bytes, str]]]
"""Place -> file name -> marker -> where it is."""


def plant(folder: Path) -> Planted:
    """The files of every kind of place."""
    planted: Planted = {}
    for number, (place, build) in enumerate(PLACES.items()):
        planter = Planter()
        items = build(planter)
        files = planted.setdefault(place, {})
        for start in range(0, max(len(items), 1), PER_FILE):
            own = Planter(_count=900_000 + len(files))
            chunk = items[start : start + PER_FILE]
            name = f"{number}-{start:05d}.dcm"
            content = [leaks.nested(chunk)] if place.endswith("deep") else chunk
            written = _object(own, [*leaks.pixel_module(), *content], around=not items)
            (folder / name).write_bytes(written)
            candidates = {**planter.planted, **(own.planted if not items else {})}
            files[name] = {marker: where for marker, where in candidates.items() if marker in written}
    return planted


def _object(planter: Planter, items: list[Item], *, around: bool) -> bytes:
    """A Part 10 object; `around`: with markers in the preamble, File Meta, the pixels' tail and after them."""
    uids = [Item(tag, "UI", uid) for tag, uid in ((0x00080016, leaks.CT.encode()), *_UIDS)]
    own = {item.tag for item in items}
    whole = [*items, *(item for item in uids if item.tag not in own)]
    if around:
        written = leaks.native(planter, whole)
        # Without the bytes after the last element: most tools lose such a file.
        return written[: written.rfind(b"\0\0\0\0QXJ")]
    clean = Planter()
    meta = leaks.file_meta(clean, leaks.EXPLICIT)
    for marker in clean.planted:
        meta = meta.replace(marker, b"0" * len(marker))
    return meta + leaks.encode([*leaks.in_order(whole), Item(0x7FE00010, "OW", bytes(512))])


def ours(source: Path, target: Path) -> None:
    """The Basic Profile."""
    pseudonymiser = Pseudonymiser(bytes(range(32)), "bench")
    for path in source.iterdir():
        written = BytesIO()
        with suppress(DeidError):
            redact(BytesIO(path.read_bytes()), written, profile_named("basic"), pseudonymiser)
            (target / path.name).write_bytes(written.getvalue())


def report(name: str, folder: Path, planted: Planted) -> int:
    """Print one line of the table; how many markers came through."""
    cells, through, lost, total = [], 0, 0, 0
    for files in planted.values():
        found = markers = 0
        for file, own in files.items():
            path = folder / file
            total += 1
            if not path.exists() or not path.stat().st_size:
                lost += 1
                continue
            found += len(leaks.leaks(path.read_bytes(), own))
            markers += len(own)
        through += found
        cells.append(f"{found / markers:.1%}" if markers else "lost")
    print(f"{name:24}" + "".join(f"{cell:>17}" for cell in cells) + f"{through:>9}{lost:>6} of {total}")
    return through


def main() -> int:
    with tempfile.TemporaryDirectory() as work:
        source = Path(work) / "source"
        source.mkdir()
        planted = plant(source)
        counts = [sum(len(own) for own in files.values()) for files in planted.values()]
        print(f"{'':24}" + "".join(f"{place:>17}" for place in planted) + f"{'in all':>9}  files lost")
        print(f"{'markers':24}" + "".join(f"{count:>17}" for count in counts) + f"{sum(counts):>9}")
        target = Path(work) / "dicom-deid"
        target.mkdir()
        ours(source, target)
        through = report("dicom-deid", target, planted)
        for peer in installed():
            target = Path(work) / peer.name
            target.mkdir()
            peer.run(source, target)
            report(f"{peer.name} {peer.version}", target, planted)
    return 1 if through else 0


if __name__ == "__main__":
    raise SystemExit(main())
