import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";
import { validate as isDeployment } from "kubernetes-models/_schemas/IoK8sApiAppsV1Deployment";
import { validate as isConfigMap } from "kubernetes-models/_schemas/IoK8sApiCoreV1ConfigMap";
import { validate as isSecret } from "kubernetes-models/_schemas/IoK8sApiCoreV1Secret";
import { validate as isService } from "kubernetes-models/_schemas/IoK8sApiCoreV1Service";
import { validate as isServiceAccount } from "kubernetes-models/_schemas/IoK8sApiCoreV1ServiceAccount";
import { validate as isNetworkPolicy } from "kubernetes-models/_schemas/IoK8sApiNetworkingV1NetworkPolicy";
import { validate as isDisruptionBudget } from "kubernetes-models/_schemas/IoK8sApiPolicyV1PodDisruptionBudget";
import { createMetrics } from "@rushes/telemetry";
import { describe, expect, test } from "vitest";
import { readComposeFile, readVariables } from "../containers/compose-file.ts";
import {
  deploymentOf,
  readKustomization,
  readManifests,
  type Deployment,
  type Manifest,
} from "./manifests.ts";
import { unreadFields } from "./unread-fields.ts";

const files = readManifests();
const ofKind = (kind: string): Manifest[] =>
  files.map(({ manifest }) => manifest).filter((manifest) => manifest.kind === kind);
const deployments = ofKind("Deployment").map(deploymentOf);
const workers = deployments.filter(({ container }) => container.command[1] === "apps/worker/dist/main.js");
const config = ofKind("ConfigMap")[0]?.data ?? {};
const compose = readComposeFile({}).services;

const VALIDATORS: Record<string, (document: unknown) => boolean> = {
  Deployment: isDeployment,
  ConfigMap: isConfigMap,
  Secret: isSecret,
  Service: isService,
  ServiceAccount: isServiceAccount,
  NetworkPolicy: isNetworkPolicy,
  PodDisruptionBudget: isDisruptionBudget,
};

function findWrong(document: object): string[] {
  const { kind } = document as Manifest;
  if (kind === "ScaledObject") {
    // This one's schema can be asked, but not watched.
    new ScaledObject(document as ConstructorParameters<typeof ScaledObject>[0]).validate();
    return [];
  }
  const validate = VALIDATORS[kind];
  if (validate === undefined) return [`no schema for ${kind}`];
  let isValid = false;
  const unknown = unreadFields(document, (watched) => (isValid = validate(watched)));
  return isValid ? unknown : [`not valid as ${kind}`];
}

describe("every manifest", () => {
  test.each(files.map(({ file, manifest }) => [file, manifest.kind, manifest.metadata.name, manifest]))(
    "%s: %s %s is valid by Kubernetes' schema, without a field it does not know",
    (_file, _kind, _name, manifest) => expect(findWrong(manifest)).toEqual([]),
  );

  test("would not be valid with a misspelt field, or with a value of another type", () => {
    const [deployment] = structuredClone(ofKind("Deployment"));
    const spec = deployment?.spec as { template: { spec: { containers: object[] } }; replicas: unknown };
    Object.assign(spec.template.spec.containers[0] ?? {}, { comand: ["node"] });
    expect(findWrong(deployment ?? {})).toEqual([
      "/spec/template/spec/containers/0/comand",
      "/spec/template/spec/containers/0/comand/0",
    ]);
    spec.replicas = "two";
    expect(findWrong(deployment ?? {})).toEqual(["not valid as Deployment"]);
  });

  test("is in the kustomization, but for the template of the secrets", () => {
    const { resources, images } = readKustomization();
    const given = new Set(files.map(({ file }) => file).filter((file) => file !== "secrets.template.yaml"));
    expect(new Set(resources)).toEqual(given);
    for (const { name, container } of deployments)
      expect(
        images.some((image) => container.image.startsWith(`${image.name}:`)),
        name,
      ).toBe(true);
  });
});

describe("processes", () => {
  test("every role runs somewhere, each once", () => {
    const roles = workers.flatMap(({ container }) => container.env?.[0]?.value.split(",") ?? []);
    expect(roles.toSorted()).toEqual(["archive", "notify", "poll", "submit", "sweep"]);
    expect(deployments.map(({ name }) => name).toSorted()).toEqual([
      "api",
      "archive",
      "board",
      "notify",
      "poll",
      "submit",
    ]);
  });

  test.each(deployments.map((deployment): [string, Deployment] => [deployment.name, deployment]))(
    "%s starts, is probed and ends as the image's process does",
    (name, { container, pod, selector, labels, annotations, strategy }) => {
      expect(container.command).toEqual(compose[name]?.command);
      const [port] = container.ports;
      const variable = { api: "PORT", board: "BOARD_PORT" }[name] ?? "HEALTH_PORT";
      expect(String(port?.containerPort)).toBe(config[variable]);
      expect(annotations["prometheus.io/port"]).toBe(config[variable]);
      expect(compose[name]?.healthcheck.test.join(" ")).toContain(`:${port?.containerPort}/readyz`);
      const { startupProbe, livenessProbe, readinessProbe } = container;
      for (const probe of [startupProbe, livenessProbe, readinessProbe])
        expect(probe.httpGet.port).toBe(port?.name);
      expect([startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.path)).toEqual([
        "/livez",
        "/livez",
        "/readyz",
      ]);
      const waitMs = Number(/(\d+)\)$/.exec(container.lifecycle?.preStop.exec.command[2] ?? "0)")?.[1]);
      expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThanOrEqual(
        waitMs + Number(config["DRAIN_MS"]) + 5_000,
      );
      expect(labels).toMatchObject(selector);
      // Never fewer than there should be while one is replaced.
      expect(strategy).toEqual({ maxSurge: 1, maxUnavailable: 0 });
    },
  );

  test("what has an address waits until nobody sends to it any more", () => {
    for (const { name, container } of deployments)
      expect(container.lifecycle !== undefined, name).toBe(["api", "board"].includes(name));
  });

  test.each(deployments.map((deployment): [string, Deployment] => [deployment.name, deployment]))(
    "%s may do nothing it need not",
    (_name, { pod, container }) => {
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: "RuntimeDefault" },
      });
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(Object.keys(container.resources.requests)).toEqual(["cpu", "memory"]);
      expect(container.resources.limits["memory"]).toMatch(/^\d+[MG]i$/);
      for (const { name } of container.volumeMounts ?? [])
        expect(pod.volumes?.map((volume) => volume.name)).toContain(name);
    },
  );

  test("only the archive writes files, and has a place for them", () => {
    const writing = deployments.filter(({ container }) => container.volumeMounts !== undefined);
    expect(writing.map(({ name, container }) => [name, container.volumeMounts?.[0]?.mountPath])).toEqual([
      ["archive", "/tmp"],
    ]);
  });

  test("what runs more than once is never taken down as a whole", () => {
    const kept = ofKind("PodDisruptionBudget").map(
      ({ spec }) => spec as { maxUnavailable: number; selector: object },
    );
    const many = deployments.filter(({ replicas }) => replicas > 1);
    expect(kept).toEqual(
      many.map(({ selector }) => ({ maxUnavailable: 1, selector: { matchLabels: selector } })),
    );
  });

  test("services lead to ports that exist", () => {
    const services = ofKind("Service").map(
      ({ spec }) => spec as { selector: object; ports: { port: number; targetPort: string }[] },
    );
    expect(services).toHaveLength(2);
    for (const { selector, ports } of services) {
      const [target] = deployments.filter(
        (deployment) => JSON.stringify(deployment.selector) === JSON.stringify(selector),
      );
      expect(ports).toEqual([
        { name: "http", port: target?.container.ports[0]?.containerPort, targetPort: "http" },
      ]);
    }
  });

  test("accounts that are named exist, and the other way round", () => {
    const named = deployments.flatMap(({ pod }) => pod.serviceAccountName ?? []);
    expect(ofKind("ServiceAccount").map(({ metadata }) => metadata.name)).toEqual(named);
  });
});

describe("settings", () => {
  const known = Object.keys(readVariables(".env.example"));
  const secrets = new Map(
    ofKind("Secret").map(({ metadata, stringData = {} }) => [metadata.name, stringData]),
  );
  /** What a process may be given, and which of it must be there for it to start. */
  const variablesOf = ({ container }: Deployment): string[] => [
    ...container.envFrom.flatMap(({ configMapRef, secretRef }) =>
      Object.keys(configMapRef ? config : (secrets.get(secretRef?.name ?? "") ?? {})),
    ),
    ...(container.env ?? []).map(({ name }) => name),
  ];

  test("every variable is one that a process reads", () => {
    const set = [...Object.keys(config), ...[...secrets.values()].flatMap((data) => Object.keys(data))];
    expect(set.filter((name) => !known.includes(name))).toEqual([]);
    expect(set.length).toBe(new Set(set).size);
  });

  test("every secret and map that a process names exists, and each is used", () => {
    const named = deployments.flatMap(({ container }) =>
      container.envFrom.map(({ configMapRef, secretRef }) => configMapRef?.name ?? secretRef?.name),
    );
    const given = ["rushes", ...secrets.keys()];
    expect(new Set(named)).toEqual(new Set(given));
  });

  test("no secret is written into a file", () => {
    for (const [name, data] of secrets) for (const value of Object.values(data)) expect(value, name).toBe("");
    for (const name of Object.keys(config))
      expect(name).not.toMatch(/KEY|SECRET|TOKEN|PASSWORD|USERS|REDIS_URL/);
  });

  const USERS: Record<string, readonly string[]> = {
    REDIS_URL: ["api", "archive", "board", "notify", "poll", "submit"],
    APIXO_API_KEY: ["archive", "poll", "submit"],
    CALLBACK_SECRET: ["api", "archive", "poll", "submit"],
    AWS_SECRET_ACCESS_KEY: ["api", "archive"],
    WEBHOOK_SECRET: ["notify"],
    API_KEYS: ["api"],
    BOARD_USERS: ["board"],
  };

  test.each(Object.entries(USERS))("%s reaches those that use it, and nobody else", (secret, users) => {
    const seeing = deployments.filter((deployment) => variablesOf(deployment).includes(secret));
    expect(seeing.map(({ name }) => name).toSorted()).toEqual(users);
  });
});

describe("the network", () => {
  type Policy = {
    podSelector: { matchLabels: Record<string, string> };
    ingress?: { ports: { port: number }[] }[];
    egress?: { ports: { port: number }[]; to: { ipBlock?: { except: string[] } }[] }[];
  };
  const policies = ofKind("NetworkPolicy").map(({ spec }) => spec as Policy);
  const policiesOf = ({ labels }: Deployment): Policy[] =>
    policies.filter(({ podSelector }) =>
      Object.entries(podSelector.matchLabels).every(([label, value]) => labels[label] === value),
    );
  const portsOf = (rules: { ports: { port: number }[] }[]): number[] =>
    rules.flatMap(({ ports }) => ports.map(({ port }) => port));

  test("every process is closed but for what is named, and can be scraped", () => {
    for (const deployment of deployments) {
      const mine = policiesOf(deployment);
      const open = portsOf(mine.flatMap(({ ingress = [] }) => ingress));
      expect(mine.length, deployment.name).toBeGreaterThan(0);
      expect(open, deployment.name).toContain(deployment.container.ports[0]?.containerPort);
      expect(portsOf(mine.flatMap(({ egress = [] }) => egress)), deployment.name).toContain(6379);
    }
  });

  test("only those that speak with strangers reach the internet, and by https", () => {
    const out = (deployment: Deployment): boolean =>
      portsOf(policiesOf(deployment).flatMap(({ egress = [] }) => egress)).includes(443);
    expect(
      deployments
        .filter(out)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(["archive", "notify", "poll", "submit"]);
    const blocks = policies.flatMap(({ egress = [] }) =>
      egress.flatMap(({ to }) => to.flatMap(({ ipBlock }) => ipBlock ?? [])),
    );
    expect(blocks.flatMap(({ except }) => except)).toContain("169.254.0.0/16");
  });
});

describe("scaling", () => {
  type Scaled = {
    scaleTargetRef: { name: string };
    minReplicaCount: number;
    maxReplicaCount: number;
    fallback: { replicas: number };
    triggers: { metadata: { query: string; threshold: string } }[];
  };
  const scaled = ofKind("ScaledObject").map(({ spec }) => spec as Scaled);

  test("is by numbers that exist, of deployments that exist, and never below what they start with", async () => {
    const { body } = await createMetrics().render();
    expect(scaled.map(({ scaleTargetRef }) => scaleTargetRef.name)).toEqual([
      "rushes-submit",
      "rushes-poll",
      "rushes-archive",
    ]);
    for (const { scaleTargetRef, minReplicaCount, maxReplicaCount, fallback, triggers } of scaled) {
      const target = deployments.find(({ name }) => `rushes-${name}` === scaleTargetRef.name);
      expect(target?.replicas).toBe(minReplicaCount);
      expect(maxReplicaCount).toBeGreaterThan(minReplicaCount);
      expect(fallback.replicas).toBeGreaterThanOrEqual(minReplicaCount);
      for (const { metadata } of triggers) {
        const [, metric] =
          /^max\((rushes_\w+)\{phase="(queued|generating|archiving)"\}\)$/.exec(metadata.query) ?? [];
        expect(body).toContain(`# TYPE ${metric} gauge`);
        expect(Number(metadata.threshold)).toBeGreaterThan(0);
      }
    }
  });
});
