/** A span as a collector gets it. Ids in hex, times in Unix nanoseconds. */
export type ReceivedSpan = {
  traceId: string;
  spanId: string;
  /** "" where it begins a trace here. */
  parentSpanId: string;
  name: string;
  /** OTLP's numbers: 2 server, 3 client, 5 consumer. */
  kind: number;
  startNanos: bigint;
  endNanos: bigint;
  attributes: Record<string, unknown>;
  /** OTLP's numbers: 0 unset, 2 error. */
  status: { code: number; message: string };
  /** Of the resource that sent it. */
  service: string;
};

/** The form of OTLP's JSON, which protobuf is brought into as well. */
type AnyValue = {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: number | string;
  doubleValue?: number;
  arrayValue?: { values?: AnyValue[] };
};
type KeyValue = { key: string; value: AnyValue };
type Message = {
  resourceSpans?: {
    resource?: { attributes?: KeyValue[] };
    scopeSpans?: {
      spans?: {
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        name: string;
        kind: number;
        startTimeUnixNano: string | bigint;
        endTimeUnixNano: string | bigint;
        attributes?: KeyValue[];
        status?: { code?: number; message?: string };
      }[];
    }[];
  }[];
};

/** Reads one export request, JSON or protobuf by its content type. Throws on anything else. */
export function readOtlp(contentType: string | undefined, body: Buffer): ReceivedSpan[] {
  if (contentType === "application/json") return spansOf(JSON.parse(body.toString()) as Message);
  if (contentType === "application/x-protobuf") return spansOf(readMessage(body, REQUEST));
  throw new Error(`no form of OTLP: ${contentType}`);
}

function spansOf({ resourceSpans = [] }: Message): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
    const service = String(attributesOf(resource?.attributes)["service.name"]);
    return scopeSpans.flatMap(({ spans = [] }) =>
      spans.map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? "",
        name: span.name,
        kind: span.kind,
        startNanos: BigInt(span.startTimeUnixNano),
        endNanos: BigInt(span.endTimeUnixNano),
        attributes: attributesOf(span.attributes),
        status: { code: span.status?.code ?? 0, message: span.status?.message ?? "" },
        service,
      })),
    );
  });
}

function attributesOf(pairs: readonly KeyValue[] = []): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, valueOf(value)]));
}

function valueOf({ stringValue, boolValue, intValue, doubleValue, arrayValue }: AnyValue): unknown {
  if (arrayValue) return (arrayValue.values ?? []).map(valueOf);
  return stringValue ?? boolValue ?? (intValue === undefined ? doubleValue : Number(intValue));
}

/** What a field holds: another message, or one of these; an asterisk after a name = it may come many times. */
type Field = [name: string, holds: "text" | "hex" | "whole" | "truth" | "nanos" | "double" | Schema];
type Schema = { [number: number]: Field };

const ANY_VALUE: Schema = {
  1: ["stringValue", "text"],
  2: ["boolValue", "truth"],
  3: ["intValue", "whole"],
  4: ["doubleValue", "double"],
};
ANY_VALUE[5] = ["arrayValue", { 1: ["values*", ANY_VALUE] }];
const KEY_VALUE: Schema = { 1: ["key", "text"], 2: ["value", ANY_VALUE] };
const SPAN: Schema = {
  1: ["traceId", "hex"],
  2: ["spanId", "hex"],
  4: ["parentSpanId", "hex"],
  5: ["name", "text"],
  6: ["kind", "whole"],
  7: ["startTimeUnixNano", "nanos"],
  8: ["endTimeUnixNano", "nanos"],
  9: ["attributes*", KEY_VALUE],
  15: ["status", { 2: ["message", "text"], 3: ["code", "whole"] }],
};
/** Of opentelemetry-proto's `ExportTraceServiceRequest`, as much as is read here. */
const REQUEST: Schema = {
  1: [
    "resourceSpans*",
    { 1: ["resource", { 1: ["attributes*", KEY_VALUE] }], 2: ["scopeSpans*", { 2: ["spans*", SPAN] }] },
  ],
};

/** Protobuf's wire format: each field is its number, how it is written, and its value. */
function readMessage(bytes: Buffer, schema: Schema): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at);
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    const taken = bytes.subarray(at, at + length);
    if (taken.length < length) throw new Error("a protobuf message was cut short");
    at += length;
    return taken;
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const raw = [varint, () => take(8), () => take(Number(varint())), undefined, undefined, () => take(4)][
      tag & 7
    ]?.();
    if (raw === undefined) throw new Error(`a protobuf field is written in way ${tag & 7}`);
    const field = schema[tag >> 3];
    if (!field) continue;
    const [name, holds] = field;
    const value = valueAs(holds, raw);
    if (!name.endsWith("*")) message[name] = value;
    else message[name.slice(0, -1)] = [...((message[name.slice(0, -1)] as unknown[]) ?? []), value];
  }
  return message;
}

function valueAs(holds: Field[1], raw: bigint | Buffer): unknown {
  if (typeof raw === "bigint") return holds === "truth" ? raw === 1n : Number(raw);
  if (typeof holds === "object") return readMessage(raw, holds);
  switch (holds) {
    case "text":
      return raw.toString();
    case "hex":
      return raw.toString("hex");
    case "nanos":
      return raw.readBigUInt64LE();
    case "double":
      return raw.readDoubleLE();
    case "whole":
    case "truth":
      throw new Error("a protobuf number is not written as one");
  }
}
