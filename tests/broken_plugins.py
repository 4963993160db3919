"""Kinds of broken plugin, each as the source of a distribution of its own, and real wheels of them.

What a damaged disk does to a distribution cannot be packed into a wheel: it is done after the
installation (`harm`).
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from attrs import field, frozen

__all__ = ["CHATTY", "HANGS", "INTERRUPTS", "KINDS", "WELL", "Kind", "install"]

PROVIDER = """
from taggers.plugin import Accepts, Dialect, Provider, Request, Tag, Work, evolve, hookimpl

def steps(image, options, settings, nonce):
    return (yield Work(lambda: [options.limit or 3]))

WORKING = Provider(
    name="{name}-tags", title="Tags", vendor="A stranger", steps=steps,
    read=lambda body: [Tag(name="seen", confidence=0.5)], accepts=Accepts(formats=("jpeg", "png")),
)
"""
RETURN = "\n@hookimpl\ndef taggers_providers():\n    return "

DIALECT = f"""
@hookimpl
def taggers_dialects():
    return [Dialect({{}}, vendor="V", hosts=(), routes=(), verify=print, write_error=print)]
{RETURN}[WORKING]"""
TWIN = f"{RETURN}[evolve(WORKING, name='twin')]"


@frozen
class Kind:
    """One kind of broken plugin: the source of its module, and what the doctor says of it.

    The distribution is `taggers-NAME`, its module `taggers_NAME`, its provider `NAME-tags`, unless
    `points` has other entry points. `harm` is done to the folder of its metadata. `works` where its
    provider can be asked all the same.
    """

    name: str
    source: str
    reason: str = ""
    points: str = ""
    works: bool = False
    harm: Callable[[Path], object] | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return self.name

    @property
    def distribution(self) -> str:
        return f"taggers-{self.name}"

    @property
    def module(self) -> str:
        return f"taggers_{self.name.replace('-', '_')}"

    @property
    def provider(self) -> str:
        return f"{self.name}-tags"

    def wheel(self, folder: Path) -> Path:
        """Packs the distribution."""
        stem = f"{self.module}-1.0"
        points = self.points or f"{self.provider} = {self.module}"
        files = {
            f"{self.module}.py": PROVIDER.replace("{name}", self.name) + self.source,
            f"{stem}.dist-info/METADATA": (
                f"Metadata-Version: 2.1\nName: {self.distribution}\nVersion: 1.0\n"
            ),
            f"{stem}.dist-info/WHEEL": (
                "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            ),
            f"{stem}.dist-info/entry_points.txt": f"[taggers.providers]\n{points}\n",
        }
        record = f"{stem}.dist-info/RECORD"
        path = folder / f"{stem}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
            archive.writestr(record, "".join(f"{name},,\n" for name in [*files, record]))
        return path


def install(kinds: Iterable[Kind], folder: Path) -> Path:
    """Installs the kinds' wheels with pip, and harms them: the folder to put on PYTHONPATH."""
    kinds, target = list(kinds), folder / "installed"
    wheels = [kind.wheel(folder) for kind in kinds]
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps")
    subprocess.run([*pip, "--target", target, *wheels], check=True, timeout=120)
    for kind in kinds:
        if kind.harm:
            kind.harm(target / f"{kind.module}-1.0.dist-info")
    return target


WELL = Kind("well", f"{RETURN}[WORKING]")
"""A stranger's plugin with which nothing is wrong."""

KINDS = (
    Kind("lacking", "import no_such_library", "ModuleNotFoundError: No module named 'no_such_lib"),
    Kind("syntax", "def (:", "SyntaxError: invalid syntax"),
    Kind("exits", "import sys; sys.exit(3)", "SystemExit: 3"),
    Kind("raises", "raise RuntimeError('no licence\\nfound')", "RuntimeError: no licence found"),
    Kind("skips", "import pytest; pytest.skip('not here', allow_module_level=True)", "Skipped:"),
    Kind(
        "mute",
        "class Mute(Exception):\n    def __str__(self): return 1 / 0\nraise Mute",
        "Mute: an error that cannot be printed",
    ),
    Kind("absent", "", "No module named 'taggers_nowhere'", points="absent-tags = taggers_nowhere"),
    Kind("astray", "", "has no attribute 'gone'", points="astray-tags = taggers_astray:gone"),
    Kind(
        "garbled",
        "",
        "garbled-tags names no module: 'not a module!'",
        points="garbled-tags = not a module!",
    ),
    Kind("hookless", "def taggers_providers(): return [WORKING]", "marked with @hookimpl"),
    Kind(
        "misspelt",
        "@hookimpl\ndef taggers_provider(): return [WORKING]",
        "taggers has no hook taggers_provider; did you mean 'taggers_providers'?",
    ),
    Kind(
        "partly",
        f"@hookimpl\ndef taggers_dialect(): return []\n{RETURN}[WORKING]",
        "works in part: taggers has no hook taggers_dialect; did you mean 'taggers_dialects'?",
        works=True,
    ),
    Kind(
        "arguments",
        "@hookimpl\ndef taggers_providers(config): return [WORKING]",
        "PluginValidationError",
    ),
    Kind("raising", f"{RETURN}1 / 0", "ZeroDivisionError: division by zero"),
    Kind("nothing", f"{RETURN}None", "brings no provider of that name"),
    Kind("number", f"{RETURN}7", "its taggers_providers() brings 7, which is no Provider"),
    Kind("stranger", f"{RETURN}['acme']", "brings 'acme', which is no Provider"),
    Kind(
        "other",
        f"{RETURN}[evolve(WORKING, name='else-tags')]",
        "brings no provider of that name; no entry point names its 'else-tags'",
    ),
    Kind(
        "additional",
        f"{RETURN}[WORKING, evolve(WORKING, name='local-basic')]",
        "works in part: no entry point names its 'local-basic'",
        works=True,
    ),
    Kind(
        "invalid",
        f"{RETURN}[evolve(WORKING, steps=None)]",
        "ValueError: invalid-tags needs either request or steps",
    ),
    Kind(
        "untyped",
        f"{RETURN}[evolve(WORKING, accepts=None)]",
        "TypeError: a provider's accepts is no Accepts: None",
    ),
    Kind(
        "unsettled",
        f"{RETURN}[evolve(WORKING, credentials=(('key',),))]",
        "credentials that are no settings: key",
    ),
    Kind(
        "checking",
        f"{RETURN}[evolve(WORKING, check=lambda settings: settings['gone'])]",
        "its settings cannot be checked: KeyError: 'gone'",
    ),
    Kind("twin-one", TWIN, "neither is used", points="twin = taggers_twin_one"),
    Kind("twin-two", TWIN, "neither is used", points="twin = taggers_twin_two"),
    Kind(
        "shadow",
        f"{RETURN}[evolve(WORKING, name='local-basic')]",
        "its local-basic is left out: taggers itself has a provider of that name",
        points="local-basic = taggers_shadow",
    ),
    Kind(
        "naming",
        f"{RETURN}[WORKING]",
        "its entry point 'Naming \\x1b[2J!' is no name for a provider",
        points="Naming \x1b[2J! = taggers_naming",
    ),
    Kind(
        "dialects",
        f"@hookimpl\ndef taggers_dialects(): raise LookupError('no server')\n{RETURN}[WORKING]",
        "the emulation of dialects-tags, from taggers-dialects, is broken: LookupError: no server",
        works=True,
    ),
    Kind(
        "undialect",
        f"@hookimpl\ndef taggers_dialects(): return [WORKING]\n{RETURN}[WORKING]",
        "which is no Dialect",
        works=True,
    ),
    Kind(
        "usurping",
        DIALECT.format("name='usurping', provider=evolve(WORKING, name='huawei-tagging-v2')"),
        "'huawei-tagging-v2' is no provider of this plugin",
        works=True,
    ),
    Kind(
        "doubling",
        DIALECT.format("name='huawei-tagging-v2'"),
        "another plugin has a dialect 'huawei-tagging-v2'",
        works=True,
    ),
    Kind(
        "unreadable",
        "",
        "its metadata cannot be read (UnicodeDecodeError",
        harm=lambda folder: (folder / "METADATA").write_bytes(b"\xff\xfe\x00"),
    ),
    Kind(
        "nameless",
        "",
        "its metadata cannot be read (LookupError: ",
        harm=lambda folder: (folder / "METADATA").unlink(),
    ),
    Kind(
        "scrambled",
        "",
        "its metadata cannot be read (UnicodeDecodeError",
        harm=lambda folder: (folder / "entry_points.txt").write_bytes(b"\x80\x00\xff"),
    ),
    Kind(
        "cut",
        "",
        "its metadata cannot be read (TypeError",
        harm=lambda folder: (folder / "entry_points.txt").write_text("[taggers.providers]\ncut-t"),
    ),
)

CHATTY = Kind("chatty", f"print('thank you for choosing us')\n{RETURN}[WORKING]", works=True)
"""Prints when it is imported: no fault, as long as it does not end up among the data."""

INTERRUPTS = Kind("interrupts", "raise KeyboardInterrupt")
HANGS = Kind("hangs", "print('it hangs')\nimport threading; threading.Event().wait()")
"""These two cannot be told from a user's Ctrl-C, or not be left without one."""
