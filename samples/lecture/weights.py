"""Find the model files that ship inside installed packages, without importing those packages (some would load torch)."""

from importlib.util import find_spec
from pathlib import Path


def weights(package: str, *parts: str) -> Path:
    """The path of a file inside ``package``.

    Raises:
        FileNotFoundError: the package is not installed, or has no such file.
    """
    found = find_spec(package)
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder, *parts)
        if path.is_file():
            return path
    name = package.replace("_", "-")
    raise FileNotFoundError(f"no {'/'.join(parts)} in package {package}: pip install --no-deps {name}")
