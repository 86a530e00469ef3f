package dev.sluice.relay;

import dev.sluice.format.Format;
import dev.sluice.wire.CallId;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.net.InetAddress;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/**
 * One request on its connection.
 *
 * @param id the call's id, which is the answer's {@code x-request-id}
 * @param loop the event loop of the connection, on which the whole call stays
 * @param address the caller's own, also behind a trusted proxy
 */
record Visit(
        String id,
        long startedAt,
        long startedNanos,
        HttpServerRequest request,
        HttpServerResponse response,
        EventLoop loop,
        InetAddress address) {

    /** What follows on the same connection, with an id and a time of its own. */
    Visit next(long now) {
        return new Visit(CallId.next(now), now, System.nanoTime(), request, response, loop, address);
    }

    /** The form in which the caller reads answers, errors too: the path tells. */
    Format format() {
        String uri = request.uri();
        if (google()) {
            return Format.GEMINI;
        }
        if (uri.startsWith("/v1/messages")) {
            return Format.MESSAGES;
        }
        return uri.startsWith("/v1/responses") ? Format.RESPONSES : Format.CHAT;
    }

    /** Whether a stream is one JSON array to the caller, and no events: Google's form has both. */
    boolean wantsArray() {
        return google() && !request.uri().contains("alt=sse");
    }

    /** Google's clients know two versions; the older one's paths begin like OpenAI's, but are posted to. */
    boolean google() {
        String uri = request.uri();
        return uri.startsWith("/v1beta")
                || uri.startsWith("/v1/models/") && request.method().equals(HttpMethod.POST);
    }

    HttpHeaders headers() {
        return request.requestHeaders();
    }
}
