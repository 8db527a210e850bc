"""What a request to a target asks for: to write, or to read one resource or a batch of them."""


def is_batch(request):
    return _is_of_the_base(request) and b'"type":"batch"' in request.get_data()


def is_transaction(request):
    return _is_of_the_base(request) and not is_batch(request)


def is_read(request):
    return request.method == "GET" or is_batch(request)


def _is_of_the_base(request):
    return request.method == "POST" and request.path.rstrip("/") == "/fhir"
