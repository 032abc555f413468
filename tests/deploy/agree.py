"""Holds the files of deploy/ against each other and against the protocol: `agree.py`.

A name, an address or a port that stands in two of them is the same in both, and nginx takes the
instances that the compose file gives it.
"""

import pathlib
import re
import subprocess
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"


def read(name):
    return (DEPLOY / name).read_text(encoding="utf-8")


def same(one, other, what):
    assert one == other, f"{what}: {one} is not {other}"


def settings_exist():
    """Every setting that a file names is one of the protocol's section 12."""
    known = set(names(ROOT.joinpath("docs/PROTOCOL.md").read_text(encoding="utf-8")))
    for path in sorted(DEPLOY.rglob("*")):
        if path.is_file() and path.name != ".env":
            unknown = set(names(path.read_text(encoding="utf-8"))) - known
            assert not unknown, f"{path.relative_to(ROOT)} names what is no setting: {unknown}"


def names(text):
    return re.findall(r"\b(?:DATABASE_URL|REDIS_URL|SAOMA_[A-Z_]*[A-Z])\b", text)


def units_fit_nginx():
    """saoma@1 and saoma@2 listen where nginx-instances.conf looks for them."""
    unit = read("saoma@.service")

    def value(name):
        return re.search(rf"^Environment=(?:.* )?{name}=(?:http://)?(\S+)", unit, re.MULTILINE)[1]

    listens = [value("SAOMA_LISTEN").replace("%i", digit) for digit in "12"]
    same(listens, servers(read("nginx-instances.conf")), "the units' and nginx's instances")
    same(value("SAOMA_ADMIN_LISTEN"), value("SAOMA_INTERNAL_URL"), "an instance's admin address")


def servers(text):
    return re.findall(r"^server (\S+) ", text, re.MULTILINE)


def image():
    """The ports that the image listens on, and its user."""
    text = read("Dockerfile")
    ports = [re.search(rf"{name}=0\.0\.0\.0:(\d+)", text)[1] for name in
             ("SAOMA_LISTEN", "SAOMA_ADMIN_LISTEN")]
    return *map(int, ports), int(re.search(r"^USER (\d+):", text, re.MULTILINE)[1])


def compose_fits():
    port, _, _ = image()
    compose = yaml.safe_load(read("compose.yaml"))
    services = compose["services"]

    def address(name):
        return services[name]["networks"]["default"]["ipv4_address"]

    instances = [name for name in services if name.startswith("saoma-")]
    listed = compose["configs"]["instances"]["content"]
    same([f"{address(name)}:{port}" for name in instances], servers(listed), "nginx's instances")
    for name in instances:
        environment = services[name]["environment"]
        same(environment["SAOMA_INSTANCE"], name, "an instance's name")
        same(environment["SAOMA_TRUSTED_PROXIES"], address("nginx"), "the trusted proxy")
    given = set(names(read("compose.env.example")))
    missing = {"SAOMA_PUBLIC_URL", "SAOMA_SECRET_KEY", "SAOMA_WECHAT_APP_ID",
               "SAOMA_WECHAT_APP_SECRET"} - given
    assert not missing, f"compose.env.example lacks {missing}"
    nginx_takes(listed)


def nginx_takes(instances):
    """nginx's own look at the site with these instances."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "saoma-instances.conf").write_text(instances)
        # Its certificate and its port need not be there.
        site = re.sub(r"^\s*ssl_certificate.*$", "", read("nginx-cluster.conf"), flags=re.MULTILINE)
        site = re.sub(r"^\s*listen .*$", "", site, flags=re.MULTILINE)
        site = site.replace("server_name", f"listen unix:{folder}/socket; server_name")
        # Where an ordinary user may write.
        temporary = " ".join(
            f"{kind}_temp_path {folder}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "nginx.conf").write_text(
            f"pid {folder}/pid; events {{}} http {{ access_log off; {temporary} {site} }}"
        )
        checked = subprocess.run(
            ["nginx", "-t", "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf"],
            capture_output=True, text=True, check=False,
        )
        assert checked.returncode == 0, checked.stderr


def manifests_fit():
    port, admin, user = image()
    manifests = list(yaml.safe_load_all(read("kubernetes/saoma.yaml")))
    kinds = {manifest["kind"]: manifest for manifest in manifests}
    pod = kinds["Deployment"]["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    same(ports, {"http": port, "admin": admin}, "the ports of the image and of its container")
    same(pod["spec"]["securityContext"]["runAsUser"], user, "the user of the image and of the pod")
    internal = {entry["name"]: entry.get("value") for entry in container["env"]}
    same(internal["SAOMA_INTERNAL_URL"], f"http://$(POD_IP):{admin}", "the internal address")
    labels = pod["metadata"]["labels"]
    for kind, selector in (
        ("Deployment", kinds["Deployment"]["spec"]["selector"]["matchLabels"]),
        ("Service", kinds["Service"]["spec"]["selector"]),
        ("PodDisruptionBudget", kinds["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]),
        ("NetworkPolicy", kinds["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"]),
    ):
        same(selector, labels, f"what the {kind} selects")
    secret = yaml.safe_load(read("kubernetes/secret.example.yaml"))
    same(secret["metadata"]["name"], container["envFrom"][1]["secretRef"]["name"], "the secret")
    ingress = yaml.safe_load(read("kubernetes/ingress.example.yaml"))
    backend = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    same(backend["name"], kinds["Service"]["metadata"]["name"], "the ingress's service")
    same(backend["port"]["name"], kinds["Service"]["spec"]["ports"][0]["name"], "its port")


if __name__ == "__main__":
    settings_exist()
    units_fit_nginx()
    compose_fits()
    manifests_fit()
    print("deploy: the files agree with each other and with the protocol's settings")
