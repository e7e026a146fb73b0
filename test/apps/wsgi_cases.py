"""The cases of test/conformance/wsgi-*.test.ts: `/topic/case` calls that function."""

import wsgi_cases_body
import wsgi_cases_environ
import wsgi_cases_errors
import wsgi_cases_files
import wsgi_cases_input
import wsgi_cases_start

_TOPICS = {
    "body": wsgi_cases_body,
    "environ": wsgi_cases_environ,
    "errors": wsgi_cases_errors,
    "files": wsgi_cases_files,
    "input": wsgi_cases_input,
    "start": wsgi_cases_start,
}


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if not path.startswith("/"):
        return wsgi_cases_environ.show(environ, start_response)  # OPTIONS *
    topic, _, case = path[1:].partition("/")
    module = _TOPICS.get(topic, wsgi_cases_environ)
    # What is no case of its own shows what it got: paths are a case, too.
    found = getattr(module, case.replace("-", "_"), wsgi_cases_environ.show)
    return found(environ, start_response)
