"""Detects cells that a spreadsheet has damaged: errors, formulas for texts, and rounded numbers."""

import re

SPREADSHEET_ERRORS = frozenset({
    "#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA",
    "#FIELD!", "#BLOCKED!", "#BUSY!", "#CONNECT!", "#UNKNOWN!", "#EXTERNAL!", "#PYTHON!", "#ERROR!",
    "#NV", "#BEZUG!", "#WERT!", "#ZAHL!", "#ÜBERLAUF!",
    "#NOM?", "#VALEUR!", "#NOMBRE!", "#NUL!", "#¡REF!", "#¿NOMBRE?", "#¡VALOR!", "#¡DIV/0!", "#¡NUM!", "#¡NULO!",
    "#RIF!", "#NOME?", "#VALORE!",
})  # fmt: skip
"""The errors of Excel in English, German, French, Spanish and Italian."""
_TEXT_FORMULA = re.compile(r'="[^"]*"')
FORMULA_MARK, ROUNDED_MARK = '="', "E+"
"""Every cell that matches one of the two patterns contains the respective mark."""
_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]+")


def artifact(cell: str) -> str | None:
    """The error of a cell of any column, if any."""
    if cell in SPREADSHEET_ERRORS:
        return f"The spreadsheet shows the error {cell} here. Correct its formula, or clear the cell."
    if _TEXT_FORMULA.fullmatch(cell):
        return "This is a spreadsheet formula. Enter only the text, without the equals sign and quotation marks."
    return None


def rounded(cell: str) -> str | None:
    """The error of an identifier that a spreadsheet has converted to a number, if any."""
    if ROUNDED_MARK in cell and _ROUNDED.fullmatch(cell):
        return (
            "The spreadsheet has rounded this number, so its digits are lost. Format the column as text and enter the "
            "values again."
        )
    return None
