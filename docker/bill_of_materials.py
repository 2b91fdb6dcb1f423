"""Write what images are made of: Debian's and Python's packages with their licences, as CycloneDX files.

image -> syft, and the image's own Python for what syft does not read -> FOLDER/sbom-<tag>.cdx.json

python docker/bill_of_materials.py FOLDER IMAGE...
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

CATALOGUES = "dpkg-db-cataloger,python-installed-package-cataloger,binary-classifier-cataloger"
# Packages whose licence is told by a classifier alone, and the interpreter.
ASK_PYTHON = """
import json, platform
from importlib.metadata import distributions
def tell(package):
    classifiers = package.metadata.get_all("Classifier") or []
    return [name.rsplit(" :: ", 1)[-1] for name in classifiers if name.startswith("License :: ")]
licences = {package.name: tell(package) for package in distributions()}
print(json.dumps({"licences": licences, "version": platform.python_version()}))
"""

Document = dict[str, Any]


def main(folder: Path, images: list[str]) -> None:
    """Write a file for each image.

    Raises:
        SystemExit: If no image is named, or a program fails; the message says which.
    """
    if not images:
        sys.exit("No image is built. Build one with: make image")
    for image in images:
        path = folder / f"sbom-{image.rsplit(':', 1)[-1]}.cdx.json"
        document = complete(list_parts(image), ask_python(image))
        path.write_text(json.dumps(document, indent=1) + "\n")
        print(f"{path}: {len(document['components'])} parts")


def list_parts(image: str) -> Document:
    """Return what syft finds in an image of the engine, a CycloneDX document."""
    syft = Path(sys.executable).with_name("syft")
    options = ("--quiet", "--override-default-catalogers", CATALOGUES, "--output", "cyclonedx-json")
    return _run(str(syft), "scan", *options, f"docker:{image}")


def ask_python(image: str) -> Document:
    """Return the classifiers' licences of the image's packages, by name, and the interpreter's version."""
    options = ("--rm", "--network", "none", "--entrypoint", "python")
    return _run("docker", "run", *options, image, "-c", ASK_PYTHON)


def complete(document: Document, told: Document) -> Document:
    """Add what syft has not read: licences that classifiers tell, and an interpreter that is no package."""
    for part in document["components"]:
        names = told["licences"].get(part["name"])
        if names and not part.get("licenses") and part.get("purl", "").startswith("pkg:pypi/"):
            part["licenses"] = [{"license": {"name": name}} for name in names]
    if not any(part["name"] == "python" for part in document["components"]):
        document["components"].append(_describe_python(told["version"]))
    return document


def _describe_python(version: str) -> Document:
    """Return the interpreter as a part."""
    return {
        "bom-ref": f"pkg:generic/python@{version}",
        "type": "application",
        "name": "python",
        "version": version,
        "licenses": [{"license": {"id": "Python-2.0"}}],
        "purl": f"pkg:generic/python@{version}",
    }


def _run(*command: str) -> Document:
    """Run a program that prints JSON; end with its own words where it fails."""
    environment = {**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false"}
    finished = subprocess.run(command, stdout=subprocess.PIPE, check=False, env=environment)  # noqa: S603 - names of images
    if finished.returncode:
        sys.exit(f"{command[0]} failed with code {finished.returncode}.")
    document: Document = json.loads(finished.stdout)
    return document


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
