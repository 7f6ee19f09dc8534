"""Which cases OTP's supervisor_SUITE has, and those of them that have no meaning here. The others stand at the head of the tests."""

NAME = "supervisor_SUITE of OTP 25"
COUNT = 88

_VALUE = "a tree is a value: code that fails to make one fails before `run`, and there is nothing that could be ignored"
_UPGRADE = "no hot code change: a specification is frozen for as long as its tree runs"
_EXTRA = "a start gives a ref and nothing besides"

WITHOUT_MEANING = {
    "sup_start_ignore_init": _VALUE,
    "sup_start_fail": _VALUE,
    "sup_start_map_simple": "dynamic children bring a specification each; there is no common one to read back",
    "extra_return": _EXTRA + "; its administration is that of child_adm",
    "simple_one_for_one_extra": _EXTRA + "; its restarts are those of simple_one_for_one",
    "get_callback_module": "a supervisor has no module of callbacks",
    "code_change": _UPGRADE,
    "code_change_map": _UPGRADE,
    "code_change_simple": _UPGRADE,
    "code_change_simple_map": _UPGRADE,
    "significant_upgrade_never_any": _UPGRADE,
    "significant_upgrade_any_never": _UPGRADE,
    "significant_upgrade_never_all": _UPGRADE,
    "significant_upgrade_all_never": _UPGRADE,
    "significant_upgrade_any_all": _UPGRADE,
    "significant_upgrade_all_any": _UPGRADE,
    "significant_upgrade_child": _UPGRADE,
    "format_log_1": "the layout of OTP's report terms; ours are log lines, held by tests/supervision/test_report.py",
    "format_log_2": "the same",
}
