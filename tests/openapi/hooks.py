"""What schemathesis leaves alone of the data that it makes."""

import schemathesis


@schemathesis.hook
def map_body(_context, body):
    """For JSON Schema 1.0 is an integer. No client writes one so, and the server takes none."""
    return whole(body)


def whole(value):
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, list):
        return [whole(item) for item in value]
    if isinstance(value, dict):
        return {name: whole(item) for name, item in value.items()}
    return value
