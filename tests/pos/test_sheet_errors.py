"""Cells without a value in a workbook: where they stand, however the file is written."""

import io
import zipfile

import pytest

from pos.stores.sheet_errors import SheetError, error_cells

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def workbook(rows: str, *, target: str = "worksheets/sheet7.xml", prefix: str = "") -> io.BytesIO:
    """Write a workbook whose first sheet is kept as its seventh part."""
    bound = f"xmlns:{prefix[:-1]}" if prefix else "xmlns"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as parts:
        parts.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{DOCUMENT}"><sheets>'
            '<sheet name="B" sheetId="2" r:id="x7"/><sheet name="A" sheetId="1" r:id="x1"/>'
            "</sheets></workbook>",
        )
        parts.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{RELATIONS}"><Relationship Id="x1" Target="worksheets/a.xml"/>'
            f'<Relationship Id="x7" Target="{target}"/></Relationships>',
        )
        parts.writestr("xl/worksheets/a.xml", f'<worksheet xmlns="{MAIN}"/>')
        data = f"<{prefix}sheetData>{rows}</{prefix}sheetData>"
        parts.writestr(
            "xl/worksheets/sheet7.xml",
            f'<{prefix}worksheet {bound}="{MAIN}">{data}</{prefix}worksheet>',
        )
    return file


@pytest.mark.parametrize(
    ("rows", "errors"),
    [
        ("", {}),
        ('<row r="3"><c r="AB3" t="e"><v>#N/A</v></c></row>', {3: {27: "#N/A"}}),
        (
            (
                "<row><c><v>1</v></c><c t='e'><f>A1/#REF!</f><v>#REF!</v></c></row>"
                "<row><c t='e'><v>#NUM!</v></c></row>"
            ),
            {1: {1: "#REF!"}, 2: {0: "#NUM!"}},
        ),
        (
            '<row r="2"><c r="B2"><f>A2*2</f></c><c r="C2"><f/><v></v></c></row>',
            {2: {1: "", 2: ""}},
        ),
        (
            (
                '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c><c r="B2" t="str"><f>""</f><v></v></c>'
                '<c r="C2" t="b"><v>1</v></c><c r="D2"/><c r="E2" t="s"><v>0</v></c></row>'
            ),
            {},
        ),
        ('<row r="2"><c r="A2" t="inlineStr"><is><t>t="e"</t></is></c></row>', {}),
    ],
)
@pytest.mark.parametrize("target", ["worksheets/sheet7.xml", "/xl/worksheets/sheet7.xml"])
def test_errors_are_found_where_they_stand(
    rows: str, errors: dict[int, dict[int, str]], target: str
) -> None:
    assert error_cells(workbook(rows, target=target)) == errors


def test_a_prefix_of_the_names_does_not_matter() -> None:
    rows = '<x:row r="2"><x:c r="B2"><x:f>A2</x:f></x:c></x:row>'
    assert error_cells(workbook(rows, prefix="x:")) == {2: {1: ""}}


def test_a_type_across_two_blocks_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pos.stores.sheet_errors._BLOCK", 5)
    assert error_cells(workbook('<row><c t="e"><v>#N/A</v></c></row>')) == {1: {0: "#N/A"}}


@pytest.mark.parametrize("target", ["worksheets/none.xml", "../sheet7.xml"])
def test_a_sheet_that_is_not_there_is_an_error(target: str) -> None:
    with pytest.raises(SheetError):
        error_cells(workbook("", target=target))
