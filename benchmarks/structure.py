"""The source tree: packages with their share of lines, import cycles, and what a first read loads.

    python benchmarks/structure.py

Functions are counted that break the rules of names (`tests/naming.py`). Cycles are looked for among the
modules of each package and among packages, three times: over imports that run when a module is imported,
over those inside functions as well, and over those for annotations besides.
Printed: Markdown.
"""

import ast
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import networkx as nx

sys.path.append(str(Path(__file__).parents[1] / "tests"))
import naming

SOURCE = Path(__file__).parents[1] / "src" / "manikin"
ROOT = "manikin"


def name_module(path: Path) -> str:
    """The dotted name of a file below the package."""
    parts = [ROOT, *path.relative_to(SOURCE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_type_checking(node: ast.AST) -> bool:
    """Whether a block runs only for type checkers."""
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def list_imports(tree: ast.Module, known: set[str]) -> list[tuple[str, str]]:
    """Imported modules of the package, each with where the import stands: top, function or annotation."""
    found: list[tuple[str, str]] = []

    def visit(node: ast.AST, where: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ImportFrom) and (child.module or "").split(".")[0] == ROOT:
                for alias in child.names:
                    whole = f"{child.module}.{alias.name}"
                    found.append((whole if whole in known else str(child.module), where))
            elif is_type_checking(child):
                visit(child, "annotation")
            elif isinstance(child, ast.FunctionDef):
                visit(child, "function" if where == "top" else where)
            else:
                visit(child, where)

    visit(tree, "top")
    return found


def find_cycles(edges: list[tuple[str, str]]) -> list[list[str]]:
    """Groups of siblings, modules or packages of one parent, that import each other in a circle."""
    between: dict[str, set[tuple[str, str]]] = {}
    for a, b in edges:
        one, other = a.split("."), b.split(".")
        level = next((i for i, (x, y) in enumerate(zip(one, other, strict=False)) if x != y), None)
        if level is not None:  # a package and its own module are no siblings
            pair = ".".join(one[: level + 1]), ".".join(other[: level + 1])
            between.setdefault(".".join(one[:level]), set()).add(pair)
    graphs = [nx.DiGraph(pairs) for pairs in between.values()]
    return [
        sorted(group) for g in graphs for group in nx.strongly_connected_components(g) if len(group) > 1
    ]


def count_loaded_modules() -> tuple[int, float]:
    """Modules of manikin that a first read of a csv loads, and CPU seconds of `import manikin`."""
    code = (
        "import sys, time; t = time.process_time(); import manikin as mk; t = time.process_time() - t\n"
        "mk.read(sys.argv[1])\n"
        "print(sum(name.split('.')[0] == 'manikin' for name in sys.modules), t)"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "three.csv"
        rows = [f"{i % 50 + 30},{'FM'[i % 2]},{1 + i % 7 / 10}" for i in range(40)]
        path.write_text("\n".join(["age,sex,creatinine", *rows]))
        command = [sys.executable, "-c", code, str(path)]
        said = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    count, seconds = said.stdout.split()[-2:]
    return int(count), float(seconds)


def main() -> None:
    """Print the tables."""
    files = sorted(SOURCE.rglob("*.py"))
    texts = {name_module(path): path.read_text(encoding="utf-8") for path in files}
    lines = Counter[str]()
    for name, text in texts.items():
        lines[name.split(".")[1] if "." in name else ROOT] += text.count("\n")
    total = sum(lines.values())
    print(f"{len(files)} files, {total:,} lines\n\n| package | lines | share |\n| --- | --- | --- |")
    for package, count in lines.most_common():
        print(f"| {package} | {count:,} | {100 * count / total:.1f} % |")
    imports = {name: list_imports(ast.parse(text), set(texts)) for name, text in texts.items()}
    print("\n| imports | circles |\n| --- | --- |")
    for label, wanted in (
        ("at import time", {"top"}),
        ("inside functions as well", {"top", "function"}),
        ("for annotations besides", {"top", "function", "annotation"}),
    ):
        edges = [(a, b) for a, found in imports.items() for b, where in found if where in wanted]
        cycles = find_cycles(edges)
        print(f"| {label} | {len(cycles)} {'; '.join(' - '.join(group) for group in cycles)} |")
    inside = sum(where == "function" for found in imports.values() for _, where in found)
    odd = [*naming.find_bare_names(), *naming.find_odd_predicates()]
    print(f"\nfunctions that break the rules of names: {len(odd)} {'; '.join(odd)}")
    count, seconds = count_loaded_modules()
    print(f"imports of manikin inside functions: {inside}")
    print(f"modules loaded by the first read of a csv: {count}")
    print(f"CPU seconds of `import manikin`: {seconds:.3f}")


if __name__ == "__main__":
    main()
