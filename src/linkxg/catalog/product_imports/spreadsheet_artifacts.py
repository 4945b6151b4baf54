"""Cells that a spreadsheet has left in place of a value: its errors, its formulas for texts, its rounded numbers."""

import re

SPREADSHEET_ERRORS = frozenset({
    "#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA",
    "#FIELD!", "#BLOCKED!", "#BUSY!", "#CONNECT!", "#UNKNOWN!", "#EXTERNAL!", "#PYTHON!", "#ERROR!",
    "#NV", "#BEZUG!", "#WERT!", "#ZAHL!", "#ÜBERLAUF!",
    "#NOM?", "#VALEUR!", "#NOMBRE!", "#NUL!", "#¡REF!", "#¿NOMBRE?", "#¡VALOR!", "#¡DIV/0!", "#¡NUM!", "#¡NULO!",
    "#RIF!", "#NOME?", "#VALORE!",
})  # fmt: skip
"""As Excel writes them in English, German, French, Spanish and Italian."""
_TEXT_FORMULA = re.compile(r'="[^"]*"')
FORMULA_MARK, ROUNDED_MARK = '="', "E+"
"""What no cell is without that one of these patterns fits."""
_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]+")


def artifact(cell: str) -> str | None:
    """What is wrong with a cell of any column that holds text; None for nothing."""
    if cell in SPREADSHEET_ERRORS:
        return f"The spreadsheet shows the error {cell} here. Correct its formula, or clear the cell."
    if _TEXT_FORMULA.fullmatch(cell):
        return "This is a spreadsheet formula. Enter only the text, without the equals sign and quotation marks."
    return None


def rounded(cell: str) -> str | None:
    """What is wrong with an identifier that a spreadsheet has taken for a number; None for nothing."""
    if ROUNDED_MARK in cell and _ROUNDED.fullmatch(cell):
        return (
            "The spreadsheet has rounded this number, so its digits are lost. Format the column as text and enter the "
            "values again."
        )
    return None
