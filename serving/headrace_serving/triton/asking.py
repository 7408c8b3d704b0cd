"""How a stream is asked for its next items: parameters of a request, the same words at both ends. Loads nothing."""

WHAT = "headrace_stream"
"""The parameter that says what a request is for."""

BEGIN, MORE, END = "begin", "more", "end"
"""Begin the stream of the request's id, with its inputs, in place of one that the model served before; go on with it; or
end it, if the model serves it still."""

TAKE = "headrace_take"
"""The parameter with the most items that the answer holds; one with fewer is the last."""
