import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse, parseAllDocuments } from "yaml";

const FOLDER = resolve(import.meta.dirname, "../../deploy/kubernetes");

/** What the tests look at of a manifest, as its file spells it. */
export type Manifest = {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  data?: Record<string, string>;
  stringData?: Record<string, string>;
  spec?: Record<string, unknown>;
};

type Probe = { httpGet: { path: string; port: string } };

export type Container = {
  name: string;
  image: string;
  command: string[];
  env?: { name: string; value: string }[];
  envFrom: { configMapRef?: { name: string }; secretRef?: { name: string; optional?: boolean } }[];
  ports: { name: string; containerPort: number }[];
  startupProbe: Probe;
  livenessProbe: Probe;
  readinessProbe: Probe;
  lifecycle?: { preStop: { exec: { command: string[] } } };
  resources: { requests: Record<string, string>; limits: Record<string, string> };
  securityContext: object;
  volumeMounts?: { name: string; mountPath: string }[];
};

export type Deployment = {
  name: string;
  replicas: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  strategy: object;
  selector: Record<string, string>;
  pod: {
    serviceAccountName?: string;
    automountServiceAccountToken: boolean;
    terminationGracePeriodSeconds: number;
    securityContext: object;
    volumes?: { name: string }[];
  };
  container: Container;
};

/** Of every file in the folder; the kustomization, which is no manifest, apart. */
export function readManifests(): { file: string; manifest: Manifest }[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".yaml") && file !== "kustomization.yaml")
    .flatMap((file) =>
      parseAllDocuments(readFileSync(resolve(FOLDER, file), "utf8")).map((document) => {
        if (document.errors.length > 0) throw new Error(`${file}: ${document.errors.join("; ")}`);
        return { file, manifest: document.toJS() as Manifest };
      }),
    );
}

export function readKustomization(): { resources: string[]; images: { name: string }[] } {
  return parse(readFileSync(resolve(FOLDER, "kustomization.yaml"), "utf8")) as {
    resources: string[];
    images: { name: string }[];
  };
}

export function deploymentOf({ metadata, spec }: Manifest): Deployment {
  const { replicas, strategy, selector, template } = spec as {
    replicas: number;
    strategy: { rollingUpdate: object };
    selector: { matchLabels: Record<string, string> };
    template: {
      metadata: { labels: Record<string, string>; annotations: Record<string, string> };
      spec: Deployment["pod"] & { containers: Container[] };
    };
  };
  const [container, ...more] = template.spec.containers;
  if (container === undefined || more.length > 0) throw new Error(`${metadata.name}: one container, please`);
  return {
    name: metadata.name.replace("rushes-", ""),
    replicas,
    strategy: strategy.rollingUpdate,
    selector: selector.matchLabels,
    ...template.metadata,
    pod: template.spec,
    container,
  };
}
