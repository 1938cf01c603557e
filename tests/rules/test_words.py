"""Whatever the history of a match may say has words: in the refusal of a stale version, and in the dashboard."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from models.status import DecisionKind
from server.match import conflicts

ROOT = Path(__file__).resolve().parents[2]
# Matching by hand is shown as match.create, and what makes way for a decision as match.supersede.
DECIDED = {f"match.{kind}" for kind in DecisionKind if kind != DecisionKind.MATCH} | {"match.create", "match.supersede"}


def trees(*calls: str) -> Iterator[ast.Module]:
    """The modules of the server in which one of these calls is written. To parse all others would take half a second."""
    for path in sorted((ROOT / "server").rglob("*.py")):
        text = path.read_text()
        if any(call in text for call in calls):
            yield ast.parse(text)


def noted() -> set[str]:
    """The actions of all audit rows about matches, from the calls that write them."""
    found: set[str] = set()
    for tree in trees(".audit("):
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        for function in functions:
            for action in _audited(function):
                found |= _texts(action, function, tree)
    return found


def _audited(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr]:
    """The action of each call of `audit` whose resource is a match."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "audit":
            _, action, resource = node.args[:3]
            if isinstance(resource, ast.Tuple) and ast.unparse(resource.elts[0]) == "'match'":
                yield action


def _texts(action: ast.expr, function: ast.FunctionDef | ast.AsyncFunctionDef, tree: ast.Module) -> set[str]:
    """What an action may be: a text, the kind of a decision, or what callers pass as a parameter of the function."""
    if isinstance(action, ast.Constant):
        return {str(action.value)}
    if ast.unparse(action) == "f'match.{kind}'":
        return DECIDED
    place = [argument.arg for argument in function.args.args].index(ast.unparse(action))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == function.name]
    assert calls
    return {str(ast.literal_eval(call.args[place])) for call in calls}


def words(name: str) -> set[str]:
    """The keys of a list of words in the dashboard."""
    text = (ROOT / "web/src/match/history.tsx").read_text()
    block = re.search(rf"^const {name}\b.*?= {{\n(.*?)^}};", text, re.DOTALL | re.MULTILINE)
    assert block is not None
    return set(re.findall(r'^  "?([\w.]+)"?:', block[1], re.MULTILINE))


def test_all_that_is_said_about_a_match_has_words() -> None:
    said = noted() | DECIDED
    assert {"match.sign", "match.unsign", "match.assign", "match.comment", "match.undo"} <= said

    # A comment leaves the version as it is, so it refuses nobody.
    assert said - {"match.comment"} <= set(conflicts._DID)
    # The dashboard says with a signature what for.
    assert said - {"match.sign", "match.unsign"} <= words("WORDS")
    # What came meanwhile is never the making of the match, and only what is more than a word about it is told.
    assert said - {"match.create", "match.assign", "match.comment"} <= words("MEANWHILE")


def test_all_that_is_signed_has_words() -> None:
    place = {"sign": 2, "may_proceed": 3}  # of the action, among what is passed
    calls = [
        (node.func.id, node)
        for tree in trees(*(f"{name}(" for name in place))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in place
    ]
    given = [call.args[place[name]] for name, call in calls]
    signed = {str(one.value) for one in given if isinstance(one, ast.Constant)}
    assert {"confirm", "undo", "match"} <= signed

    assert signed <= words("SIGNED")
