// The ASN.1 layer of node-forge alone: a fifth of the load time of the whole package, and nothing of its cryptography comes in.
declare module "node-forge/lib/asn1.js" {
  export interface Asn1 {
    readonly tagClass: number;
    readonly type: number;
    readonly constructed: boolean;
    readonly value: string | Asn1[];
  }
  interface ByteBuffer {
    getBytes(): string;
  }
  const asn1: {
    create(tagClass: number, type: number, constructed: boolean, value: string | Asn1[]): Asn1;
    fromDer(
      bytes: string,
      options: { strict: true; parseAllBytes: true; decodeBitStrings: false; maxDepth: number },
    ): Asn1;
    toDer(node: Asn1): ByteBuffer;
    oidToDer(oid: string): ByteBuffer;
    derToOid(bytes: string): string;
  };
  export default asn1;
}
