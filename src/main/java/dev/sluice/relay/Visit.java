package dev.sluice.relay;

import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
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

    HttpHeaders headers() {
        return request.requestHeaders();
    }
}
