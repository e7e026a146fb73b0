"""Its import ends when the test opens the gate `import`."""

import record

record.note("importing")
record.wait_for_gate("import")


def app(environ, start_response):
    return record.answer(start_response, "imported")
