"""The mutants of a module, and how the table of docs/maintaining/mutants.md knows them again."""

from __future__ import annotations

from tests.tools.mutants.changes import Key, mutants_of
from tests.tools.mutants.runs import ROOT, path_of
from tests.tools.mutants.selection import BRIEF, TESTS, modules_of, packages, suite_of
from tests.tools.mutants.table import TABLE, explained, outdated, row

MODULE = '''
LIMIT = 1 << 4  # café


class Reader:
    def read(self, size: int = 1) -> bool:
        """Not 1 + 1."""
        if size > LIMIT and not self.closed:
            raise ValueError(f"{size} > {LIMIT}")
        self.count(size + 1, size + 1)
        return True
'''


def changes(text: str = MODULE) -> dict[Key, str]:
    """The lines that each mutant changes."""
    return {
        mutant.key: "|".join(sorted(set(mutant.applied_to(text).splitlines()) - set(text.splitlines())))
        for mutant in mutants_of("a.b", text)
    }


def test_keys_name_the_function_and_the_change() -> None:
    read = "a.b:Reader.read"
    assert changes() == {
        Key("a.b:LIMIT", "1 << 4", "1 >> 4"): "LIMIT = 1 >> 4  # café",
        Key("a.b:LIMIT", "1 << 4", "2 << 4"): "LIMIT = 2 << 4  # café",
        Key("a.b:LIMIT", "1 << 4", "1 << 5"): "LIMIT = 1 << 5  # café",
        Key(read, "1", "2"): "    def read(self, size: int = 2) -> bool:",
        Key(read, "size > LIMIT", "size >= LIMIT"): "        if size >= LIMIT and not self.closed:",
        Key(read, "size > LIMIT and not self.closed", "size > LIMIT or not self.closed"): (
            "        if size > LIMIT or not self.closed:"
        ),
        Key(read, "size > LIMIT and not self.closed", "size > LIMIT and self.closed"): (
            "        if size > LIMIT and self.closed:"
        ),
        Key(read, 'raise ValueError(f"{size} > {LIMIT}")', "pass"): "            pass",
        Key(read, "self.count(size + 1, size + 1)", "pass"): "        pass",
        Key(read, "size + 1", "size - 1"): "        self.count(size - 1, size + 1)",
        Key(read, "size + 1", "size + 2"): "        self.count(size + 2, size + 1)",
        Key(read, "size + 1 #2", "size - 1"): "        self.count(size + 1, size - 1)",
        Key(read, "size + 1 #2", "size + 2"): "        self.count(size + 1, size + 2)",
        Key(read, "True", "False"): "        return False",
    }


def test_what_changes_nothing_is_no_mutant() -> None:
    text = "def f(a, b):\n    assert a or b\n    return list(zip(a, b, strict=True)) or zip(a, b, strict=False)\n"
    assert [key.after for key in changes(text)] == [
        "return None",
        "list(zip(a, b, strict=True)) and zip(a, b, strict=False)",
        "strict=True",
    ]
    assert [key.after for key in changes("def f():\n    return False\n")] == ["True"]


def test_comments_of_generated_source_are_not_changed() -> None:
    text = 'source = Source("f")\nsource.comment("1 and 2", f"{1} + 1")\nsource.add("1 and 2")\n'
    assert {key.before for key in changes(text)} == {'"1 and 2"', 'source.add("1 and 2")'}


def test_keys_do_not_depend_on_lines_around_the_function() -> None:
    moved = MODULE.replace("class Reader", "def other() -> int:\n    return 0\n\n\nclass Reader")
    moved = moved.replace("self.count(size + 1, size", "self.count(size\n            + 1, size")
    assert set(changes()) < set(changes(moved))
    assert Key("a.b:other", "0", "1") in changes(moved)


def test_source_text_in_strings_is_changed() -> None:
    text = 'source = Source("f")\n\n\ndef add(source, name):\n    source.add(f"if {name - 1} + 1 < end:", "x")\n'
    found = {key for key in changes(text) if key.before.startswith('f"')}
    assert {key.after for key in found} == {
        'f"if {name - 1} - 1 < end:"',
        'f"if {name - 1} + 2 < end:"',
        'f"if {name - 1} + 1 <= end:"',
    }


def test_the_table_names_mutants_as_the_tool_does() -> None:
    key = Key("a.b:f", "flags | 1", "flags & 1")
    page = f"| function | change | | why |\n|---|---|---|---|\n{row(key, 'no flag is set')}\n"
    assert explained(page) == {key}
    assert outdated([key, key._replace(after="flags ^ 1")], [key]) == [key._replace(after="flags ^ 1")]
    assert len(explained(TABLE.read_text(encoding="utf-8"))) > 20


def test_every_module_of_the_packages_has_tests() -> None:
    modules = [module for name in packages() for module in modules_of(name)]
    assert {"codec.catalog", "vlan", "columnar.decode.driver", "findings.rules.tunnel", "checksum"} < set(modules)
    assert all(suite_of(module) for module in modules)
    assert {module for module in modules if suite_of(module, brief=True) != suite_of(module)} >= {
        "codec.catalog",
        "vlan",
    }
    assert suite_of("checksum", brief=True) == suite_of("checksum")
    assert {name.partition(".")[0] for name in TESTS} == set(packages())


def test_all_tests_and_modules_that_are_named_exist() -> None:
    """A test that does not exist is an error, by which every mutant would be noticed."""
    assert [name for name in (*TESTS, *BRIEF) if not path_of(name).exists()] == []
    named = {test.removeprefix("--deselect=") for tests in (*TESTS.values(), *BRIEF.values()) for test in tests}
    for test in named:
        file, _, function = test.partition("::")
        assert (ROOT / file).exists(), test
        if function:
            assert f"def {function.partition('[')[0]}(" in (ROOT / file).read_text(encoding="utf-8"), test
