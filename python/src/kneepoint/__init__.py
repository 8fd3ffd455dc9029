"""A client of a Kneepoint gateway.

    import kneepoint

    gateway = kneepoint.Client("http://127.0.0.1:4000", token="kp_…")
    model = gateway.upload_model("net.onnx")
    faces = gateway.upload_dataset("faces/")
    run = gateway.launch_compression(model["id"], faces["id"], task="eyes", keep=0.99)
    gateway.wait(run["id"])
    report = gateway.report(run["id"])
"""

from .client import ENDED, Client
from .errors import GatewayUnreachable, KneepointError, RunFailed

__all__ = ["ENDED", "Client", "GatewayUnreachable", "KneepointError", "RunFailed"]
__version__ = "0.1.0"
