"""Every way in which the hub says no to a request, as RFC 9457 problems with stable codes.

::

    HubProblem(code, status, data)
"""

from sync.protocol.messages import Problem, refusal

STATUS = {
    "malformed_request": 400,
    "bad_signature": 401,
    "unknown_device": 401,
    "certificate_over": 401,
    "password_wrong": 401,
    "revoked": 403,
    "other_feed": 403,
    "enrol_code_wrong": 403,
    "enrol_code_over": 403,
    "renewal_over": 403,
    "password_short": 400,
    "unknown_feed": 404,
    "not_found": 404,
    "not_waiting": 404,
    "method_not_allowed": 405,
    "unknown_store": 404,
    "unknown_region": 404,
    "unknown_job": 404,
    "not_resolved": 409,
    "job_running": 409,
    "job_over": 409,
    "device_taken": 409,
    "counter_newer": 409,
    "sequence_hole": 409,
    "epoch_over": 410,
    "compacted": 410,
    "request_too_large": 413,
    "sequence_reused": 422,
    "too_many_requests": 429,
    "busy": 503,
    "failed": 500,
}
"""The HTTP status of each code."""


class HubProblem(Exception):
    """A request that is not answered the way it hoped; nothing was changed."""

    def __init__(self, code: str, **data: str | int) -> None:
        super().__init__(code)
        self.problem: Problem = refusal(code, data, status=STATUS[code])
