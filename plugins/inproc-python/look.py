# Questions about an application that are asked once, when it is opened, and are easier in Python.


def is_asgi(app):
    """A coroutine function, or an object whose __call__ is one."""
    import inspect

    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None))


def version_of(app):
    """"flask 2.2.2": the package that the application is an instance of. "" for a bare function."""
    import inspect
    import sys
    from importlib import metadata

    if inspect.isroutine(app):
        return ""
    name = type(app).__module__.partition(".")[0]
    if name in sys.builtin_module_names or name == "__main__":
        return ""
    try:
        return f"{name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:
        version = getattr(sys.modules.get(name), "__version__", None)
        return f"{name} {version}" if version else ""
