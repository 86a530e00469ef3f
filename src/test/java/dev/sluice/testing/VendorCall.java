package dev.sluice.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.handler.codec.http.HttpHeaders;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** One request that the scripted vendor got: all that came, how much of the answer was taken, and whether the caller left. */
public final class VendorCall {
    private final String method;
    private final String uri;
    private final HttpHeaders headers;
    private final byte[] body;
    private final AtomicLong accepted;
    private final CompletableFuture<Long> callerLeft = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    VendorCall(String method, String uri, HttpHeaders headers, byte[] body, AtomicLong accepted) {
        this.method = method;
        this.uri = uri;
        this.headers = headers;
        this.body = body;
        this.accepted = accepted;
    }

    public String method() {
        return method;
    }

    /** The request target as it stood in the request line, with the query. */
    public String uri() {
        return uri;
    }

    public String path() {
        int query = uri.indexOf('?');
        return query < 0 ? uri : uri.substring(0, query);
    }

    public HttpHeaders headers() {
        return headers;
    }

    public byte[] body() {
        return body.clone();
    }

    public String text() {
        return new String(body, UTF_8);
    }

    public JsonNode json() {
        return Json.read(text());
    }

    /** The credential it came with, in whichever of the known forms; null: none. */
    public @Nullable String key() {
        String authorization = headers.get("Authorization");
        if (authorization != null && authorization.startsWith("Bearer ")) {
            return authorization.substring("Bearer ".length());
        }
        String azure = headers.get("api-key");
        return azure != null ? azure : headers.get("x-api-key");
    }

    /** Bytes, HTTP framing included, that the operating system took on this connection so far. */
    public long accepted() {
        return accepted.get();
    }

    /** Completes with {@link System#nanoTime} when the connection goes before the script has ended. */
    public CompletableFuture<Long> callerLeft() {
        return callerLeft;
    }

    /** Completes when the script was played to its end. */
    public CompletableFuture<Void> ended() {
        return ended;
    }

    @Override
    public String toString() {
        return method + " " + uri + " " + text();
    }
}
