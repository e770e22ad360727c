"""The archives that jobs get do, together with Spark's own class path, what AWS needs of them.

A signature for MSK shows it: it needs every class of the AWS SDK that was kept, and none that was left out.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway

ROOT = Path(__file__).parents[3]
SIGNER = "software.amazon.msk.auth.iam"


def toolchain(name: str) -> str:
    value: str = json.loads((ROOT / "build" / "toolchain.json").read_text())[name]
    return value


def artifact_names(folder: Path) -> set[str]:
    return {re.sub(r"-\d.*", "", path.name) for path in folder.glob("*.jar")}


@pytest.fixture
def java(monkeypatch: pytest.MonkeyPatch) -> Iterator[JavaGateway]:
    """A bare Java with the class path that a job has, and credentials as a job has them on AWS."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    class_path = f"{toolchain('sparkHome')}/jars/*:{toolchain('sparkJars')}/*"
    port = launch_gateway(classpath=class_path, die_on_exit=True, java_path=toolchain("java17"))
    gateway = JavaGateway(gateway_parameters=GatewayParameters(port=port))
    yield gateway
    gateway.shutdown()


def test_signs_a_connection_to_msk_with_what_is_shipped(java: JavaGateway) -> None:
    jvm = java.jvm
    entry = jvm.javax.security.auth.login.AppConfigurationEntry
    required = getattr(jvm, "javax.security.auth.login.AppConfigurationEntry$LoginModuleControlFlag").REQUIRED
    entries = jvm.java.util.ArrayList()
    entries.add(entry(f"{SIGNER}.IAMLoginModule", required, jvm.java.util.HashMap()))
    handler = jvm.software.amazon.msk.auth.iam.IAMClientCallbackHandler()
    handler.configure(jvm.java.util.HashMap(), "AWS_MSK_IAM", entries)
    callback = jvm.software.amazon.msk.auth.iam.internals.AWSCredentialsCallback()
    callbacks = java.new_array(jvm.javax.security.auth.callback.Callback, 1)
    callbacks[0] = callback
    handler.handle(callbacks)
    assert callback.isSuccessful()

    parameters = jvm.software.amazon.msk.auth.iam.internals.AuthenticationRequestParams.create(
        "b-1.example.kafka.us-east-1.amazonaws.com", callback.getAwsCredentials(), "millrace"
    )
    generator = jvm.java.lang.Class.forName(f"{SIGNER}.internals.AWS4SignedPayloadGenerator")
    constructor = generator.getDeclaredConstructor(java.new_array(jvm.java.lang.Class, 0))
    constructor.setAccessible(True)
    signer = constructor.newInstance(java.new_array(jvm.java.lang.Object, 0))
    sign = next(method for method in generator.getMethods() if method.getName() == "signedPayload")
    sign.setAccessible(True)
    arguments = java.new_array(jvm.java.lang.Object, 1)
    arguments[0] = parameters
    payload = json.loads(bytes(sign.invoke(signer, arguments)))

    assert payload["action"] == "kafka-cluster:Connect"
    assert payload["x-amz-credential"].endswith("/us-east-1/kafka-cluster/aws4_request")
    assert re.fullmatch(r"[0-9a-f]{64}", payload["x-amz-signature"])


def test_nothing_that_spark_has_is_shipped_a_second_time() -> None:
    shipped = artifact_names(Path(toolchain("sparkJars")))
    assert shipped & artifact_names(Path(toolchain("sparkHome"), "jars")) == set()


def test_no_log_binding_http_client_or_netty_is_shipped() -> None:
    shipped = artifact_names(Path(toolchain("sparkJars")))
    assert not {
        name for name in shipped if name.startswith(("slf4j", "netty", "jackson", "httpc", "commons-logging", "log4j"))
    }
