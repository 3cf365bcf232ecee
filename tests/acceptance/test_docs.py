"""What the pages say can be run: every Python block of the README and of the pages, exactly as written."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
BLOCKS = [(page, text) for page in PAGES for text in BLOCK.findall(page.read_text())]
LINK = re.compile(r"\]\((?!https?:)([^)#]+)[^)]*\)")


@pytest.mark.parametrize(("page", "text"), BLOCKS, ids=[f"{page.name}-{at}" for at, (page, _) in enumerate(BLOCKS)])
def test_a_block_runs_as_written(page, text, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    exec(compile(text, page.name, "exec"), {"__name__": "__main__"})  # noqa: S102 - our own page; asserts inside it


def test_the_main_pages_have_blocks():
    assert {"README.md", "pricing.md"} <= {page.name for page, _ in BLOCKS}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page):
    missing = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []
