"""What we write as CLIXML, read by pypsrp and psrpcore: the same value as in the document that PowerShell wrote.

The documents are those of the crate's fixtures and, where they are there, the larger measured set (WINRM_POWERSHELL).
"""

import os
import pathlib
import subprocess
import xml.etree.ElementTree as ElementTree

import psrpcore.types
import pytest
from conftest import WORKSPACE, missing
from pypsrp.complex_objects import ComplexObject
from pypsrp.serializer import Serializer

PROGRAM = pathlib.Path(
    os.environ.get("WINRM_CLIXML_AGAIN", WORKSPACE / "target" / "release" / "examples" / "clixml_again")
)
MEASURED = pathlib.Path(os.environ.get("WINRM_POWERSHELL", WORKSPACE.parent / "shared" / "powershell")) / "clixml"
FOLDERS = [folder for folder in (WORKSPACE / "winrm/proto/fixtures/clixml", MEASURED) if folder.is_dir()]

#: Documents that a reader cannot read as PowerShell wrote them, so that there is nothing to compare with.
UNREADABLE = {
    "pypsrp": {
        "bytes-empty.1": "it takes an empty <BA> for a missing text",
        "string-astral.1": "it decodes strictly, and a surrogate stands alone in this one",
    },
    "psrpcore": {
        "type.2": "it follows references deeper than Python's stack",
    },
}


class NoCipher(psrpcore.types.PSCryptoProvider):
    """There are no secure strings here."""

    def encrypt(self, value):
        raise NotImplementedError

    def decrypt(self, value):
        raise NotImplementedError


def with_pypsrp(document):
    """The values of a document as pypsrp reads them."""
    root = ElementTree.fromstring(document)
    for element in root.iter():
        element.tag = element.tag.split("}")[-1]
        # Between elements there are only line ends, which this reader keeps.
        element.tail = None
        if len(element):
            element.text = None
    return [shape(Serializer().deserialize(child)) for child in root]


def with_psrpcore(document):
    """The values of a document as psrpcore reads them."""
    values = psrpcore.types.deserialize_clixml(document.decode(), NoCipher())
    return [shape(value) for value in values]


def shape(value, seen=None):
    """A value as plain data: both readers have objects that compare by identity. One that comes again is named by where
    it came first, which is also what ends a circle."""
    seen = {} if seen is None else seen
    if isinstance(value, (psrpcore.types.PSObject, ComplexObject)):
        if id(value) in seen:
            return f"(number {seen[id(value)][0]} again)"
        # The value itself is kept too, so that no other comes to lie at its address.
        seen[id(value)] = (len(seen), value)
    if isinstance(value, psrpcore.types.PSObject):
        details = value.PSObject
        base = str(value) if isinstance(value, (str, int, float, bytes)) else None
        items = None
        if isinstance(value, dict):
            items = [(shape(key, seen), shape(item, seen)) for key, item in value.items()]
        elif isinstance(value, list):
            items = [shape(item, seen) for item in value]
        elif hasattr(value, "queue"):
            items = [shape(item, seen) for item in list(value.queue)]
        properties = [
            [(one.name, shape(one.get_value(value), seen)) for one in group]
            for group in (details.adapted_properties, details.extended_properties)
        ]
        # A collection without a text of its own shows its address.
        text = None if " object at 0x" in str(details.to_string) else details.to_string
        return (type(value).__name__, tuple(details.type_names), text, base, items, properties)
    if isinstance(value, ComplexObject):
        return (type(value).__name__, {name: shape(item, seen) for name, item in vars(value).items() if not name.startswith("_")})
    if isinstance(value, dict):
        return [(shape(key, seen), shape(item, seen)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return [shape(item, seen) for item in value]
    if hasattr(value, "queue"):
        return [shape(item, seen) for item in list(value.queue)]
    if isinstance(value, ElementTree.Element):
        return ElementTree.canonicalize(ElementTree.tostring(value))
    return repr(value)


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.parent.name)
def documents(request, tmp_path_factory):
    """Pairs of documents, PowerShell's and ours, by name."""
    if not PROGRAM.exists():
        missing(f"the program {PROGRAM}")
    ours = tmp_path_factory.mktemp("again")
    subprocess.run([str(PROGRAM), str(request.param), str(ours)], check=True)
    names = sorted(path.name for path in request.param.glob("*.xml"))
    assert names
    return {name.removesuffix(".xml"): ((request.param / name).read_bytes(), (ours / name).read_bytes()) for name in names}


@pytest.mark.parametrize("reader", [with_pypsrp, with_psrpcore], ids=["pypsrp", "psrpcore"])
def test_what_we_write_is_read_as_what_powershell_wrote(documents, reader):
    unreadable = UNREADABLE[reader.__name__.removeprefix("with_")]
    different = []
    for name, (theirs, ours) in documents.items():
        if name in unreadable:
            continue
        try:
            expected, found = reader(theirs), reader(ours)
        except Exception as error:
            different.append((name, repr(error)))
            continue
        if expected != found:
            different.append((name, expected, found))
    assert not different
