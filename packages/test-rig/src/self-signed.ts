import { generateKeyPairSync, sign } from "node:crypto";

/** A fresh key and a certificate for one DNS name, so that a TLS host needs no key in the repository. */
export function selfSigned(name: string): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ecdsaWithSha256 = sequence(Buffer.from("06082a8648ce3d040302", "hex"));
  const commonName = der(0x0c, Buffer.from(name));
  const issuer = sequence(der(0x31, sequence(Buffer.from("0603550403", "hex"), commonName)));
  const alternativeName = der(0x04, sequence(der(0x82, Buffer.from(name))));
  const extensions = der(0xa3, sequence(sequence(Buffer.from("0603551d11", "hex"), alternativeName)));
  const body = sequence(
    Buffer.from("a003020102", "hex"), // version 3
    der(0x02, Buffer.from([1])), // serial number
    ecdsaWithSha256,
    issuer,
    sequence(der(0x17, Buffer.from("200101000000Z")), der(0x17, Buffer.from("491231235959Z"))),
    issuer, // the subject is the issuer
    publicKey.export({ type: "spki", format: "der" }),
    extensions,
  );
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign("sha256", body, privateKey)]));
  const certificate = sequence(body, ecdsaWithSha256, signature).toString("base64");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`,
  };
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

/** One element of the distinguished encoding rules: tag, length, content. */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const lengthBytes =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...lengthBytes]), content]);
}
