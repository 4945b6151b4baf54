"""The fields by which a form is confirmed: who it is (`step_up.py`), and that it is meant (`confirmation.py`)."""

from linkxg.console.csrf import FIELD

PASSWORD = "confirm_password"  # noqa: S105  the name of a field
CODE = "confirm_code"
KIND, SWITCH = "confirm_by", "confirm_switch"
"""`recovery` asks for a recovery code in place of the app's; the second is the button that changes it."""
PASSKEY = "confirm_credential"
"""What the script of passkeys fills in."""
CANCEL = "confirm_cancel"
STEP_UP = frozenset({PASSWORD, CODE, KIND, SWITCH, PASSKEY, CANCEL})
SURE = "sure"
LEFT_OUT = "secret_left_out"
"""Says that a secret was entered, which a form is carried without."""
ASKED_AGAIN = STEP_UP | {FIELD, SURE}
"""The form token and the confirmations: a form that is carried on leaves them out."""
