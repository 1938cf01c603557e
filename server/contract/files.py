"""The generated files in the repository: `make events` writes them, `make check` compares them."""

import json
import shutil
import tempfile
from pathlib import Path

from matching.reading.formats import FORMATS
from matching.reading.roles import word_lists
from server.api.endpoint import Endpoint
from server.contract import asyncapi, mapping, openapi, typescript

ROOT = Path(__file__).resolve().parents[2]


def expected(endpoints: list[Endpoint]) -> dict[Path, str]:
    """What the files should contain, by path."""
    rest, live = openapi.document(endpoints), asyncapi.document()
    return {
        ROOT / "docs/openapi.json": json.dumps(rest, indent=1, ensure_ascii=False) + "\n",
        ROOT / "docs/asyncapi.json": json.dumps(live, indent=1, ensure_ascii=False) + "\n",
        ROOT / "docs/mapping.schema.json": json.dumps(mapping.document(), indent=1, ensure_ascii=False) + "\n",
        word_lists.FOLDED: word_lists.document(),
        ROOT / "web/src/api/rest.ts": typescript.of_openapi(rest),
        ROOT / "web/src/api/live.ts": typescript.of_asyncapi(live),
        ROOT / "web/src/api/formats.ts": typescript.of_formats(FORMATS.values()),
    }


def write(endpoints: list[Endpoint]) -> list[Path]:
    """Write the files that differ. Returns: their paths."""
    changed = differing(endpoints)
    for path, text in expected(endpoints).items():
        if path in changed:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return changed


def differing(endpoints: list[Endpoint]) -> list[Path]:
    """The files that are out of date."""
    return [
        path
        for path, text in expected(endpoints).items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def migrations_of_one_number(folder: Path = ROOT / "migrations/models") -> list[list[str]]:
    """
    Migrations that share a number, as after merging two branches that each wrote one.

    Aerich compares the models with the state in the last one by name, which knows nothing of the other's changes.
    """
    names: dict[str, list[str]] = {}
    for path in sorted(folder.glob("[0-9]*_*.py")):
        names.setdefault(path.name.partition("_")[0], []).append(path.name)
    return [found for found in names.values() if len(found) > 1]


async def model_drift() -> str:
    """The migration that the models lack, as Aerich would write it. Empty when models and migrations agree."""
    from aerich import Command

    from migrations.orm import TORTOISE_ORM

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "migrations"
        shutil.copytree(ROOT / "migrations", copy)
        command = Command(TORTOISE_ORM, app="models", location=str(copy))
        await command.init(offline=True)
        name = await command.migrate(name="drift", offline=True, no_input=True)
        if not name:
            return ""
        found = next(copy.rglob(str(name)), None)
        return found.read_text(encoding="utf-8") if found else str(name)
