"""A line of JSON a request, a line of JSON an answer: what the servers of this folder have in common."""

import json
import os
import sys


def serve(server):
    """Answers {"method": first, "key": second, …} with what `server.method(first, second, …)` gives."""
    # What the libraries print goes elsewhere than the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            name, *_ = request
            answer = getattr(server, name)(*request.values())
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)
