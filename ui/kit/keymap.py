"""The keys of the window: one for each function, so that a key never means one thing here and another there."""

from enum import StrEnum, unique


@unique
class Key(StrEnum):
    """What a person wants done, and the key for it; pages that offer the same function share its key.

    Plain letters, Enter and Tab are not for here: scanners press them. F1 to F9 show the pages.
    """

    # everywhere
    FIND_ANYTHING = "Ctrl+K"
    UNDO = "Ctrl+Z"
    LOCK = "Ctrl+L"
    UNLOCK = "Ctrl+U"
    FIND_HERE = "Ctrl+F"
    NEW = "Ctrl+N"
    EDIT = "Ctrl+E"
    SAVE = "Ctrl+S"
    PRINT = "Ctrl+P"
    """The paper of what is chosen: a slip, a run sheet, the day's figures."""
    STOP = "Esc"

    # orders
    DETAILS = "Ctrl+Shift+D"
    IMPORT = "Ctrl+O"
    PASTE_CHAT = "Ctrl+Shift+V"
    SHOW_CUSTOMER = "Ctrl+Shift+R"
    SHOW_CODE = "Ctrl+Shift+C"
    LOCATE = "Ctrl+Shift+M"
    RESCHEDULE = "Ctrl+T"
    SPLIT = "Ctrl+Shift+S"
    SEND_AGAIN = "Ctrl+Shift+N"
    REPORT_PROBLEM = "Ctrl+Shift+X"
    CANCEL = "Ctrl+Del"
    PRIORITY = "Ctrl+Shift+U"

    # dispatch
    CHOOSE_GUIDE = "Ctrl+G"
    ACCEPT_ALL = "Ctrl+Return"
    SEE_REPLAN = "Ctrl+Shift+A"
    GUIDE_OUT = "Ctrl+Shift+G"
    PRINT_ALL = "Ctrl+Shift+P"

    # the handoff desk
    DELIVERED = "Ctrl+D"
    NOT_DELIVERED = "Ctrl+R"
    PASS_ON = "Ctrl+Shift+T"  # noqa: S105 - a key of the keyboard
    CALL_MANAGER = "F10"
    TYPE_CODE = "F11"
    RESCUE = "F12"

    # stock
    RECEIVE = "Ctrl+Shift+I"
    SELL = "Ctrl+Shift+O"
    ADJUST = "Ctrl+J"
    COUNT = "Ctrl+I"

    # guides
    HOURS = "Ctrl+H"
    BADGE = "Ctrl+B"
    REVOKE = "Ctrl+Shift+B"

    # the hub
    SYNC_NOW = "Ctrl+Shift+Y"
    JOIN = "Ctrl+Shift+J"

    # the day
    DAY_BEFORE = "Alt+Left"
    DAY_AFTER = "Alt+Right"
    TODAY = "Alt+Home"
    CLOSE_DAY = "Ctrl+Shift+F"
    EXPORT = "Ctrl+Shift+E"
