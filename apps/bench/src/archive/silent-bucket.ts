import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * As much of S3 as a copy needs: HEAD finds nothing, bodies are counted and thrown away. Whoever announced more than came
 * gets no answer that says stored.
 */
export async function serveSilentBucket(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const query = new URL(request.url ?? "/", "http://bucket").searchParams;
  request.on("error", () => {});
  for await (const _ of request) void _;
  if (!request.complete) return;
  const { method } = request;
  if (method === "HEAD") response.writeHead(404).end();
  else if (method === "PUT") response.writeHead(200, { etag: '"none"' }).end();
  else if (method === "DELETE") response.writeHead(204).end();
  // The only GET is that for the uploads under a key, of which there are none.
  else if (method === "GET") response.end("<ListMultipartUploadsResult></ListMultipartUploadsResult>");
  else if (query.has("uploads"))
    response.end("<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>");
  else
    response.end(
      "<CompleteMultipartUploadResult><ETag>&quot;none&quot;</ETag></CompleteMultipartUploadResult>",
    );
}
