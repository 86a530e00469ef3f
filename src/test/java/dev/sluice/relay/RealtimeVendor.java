package dev.sluice.relay;

import static org.awaitility.Awaitility.await;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.WebsocketServerSpec;
import reactor.netty.http.websocket.WebsocketInbound;
import reactor.netty.http.websocket.WebsocketOutbound;

/** A vendor's realtime API: it says what a test tells it to, and keeps what it hears. */
final class RealtimeVendor implements AutoCloseable {
    final List<String> paths = new CopyOnWriteArrayList<>();
    final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    final CompletableFuture<Integer> closed = new CompletableFuture<>();
    volatile HttpHeaders headers;
    private final CompletableFuture<WebsocketOutbound> out = new CompletableFuture<>();
    private final CompletableFuture<Connection> connection = new CompletableFuture<>();
    private final DisposableServer server;

    RealtimeVendor(int status) {
        server = HttpServer.create()
                .host("127.0.0.1")
                .port(0)
                .handle((request, response) -> {
                    paths.add(request.uri());
                    headers = request.requestHeaders().copy();
                    WebsocketServerSpec spec =
                            WebsocketServerSpec.builder().handlePing(true).build();
                    return status != 101 ? response.status(status).send() : response.sendWebsocket(this::talk, spec);
                })
                .bindNow();
    }

    RealtimeVendor() {
        this(101);
    }

    String url() {
        return "http://127.0.0.1:" + server.port();
    }

    String channel() {
        return "{\"base_url\":\"" + url() + "/v1\"}";
    }

    private Mono<Void> talk(WebsocketInbound in, WebsocketOutbound to) {
        in.withConnection(connection::complete);
        in.receiveCloseStatus().subscribe(status -> closed.complete(status.code()));
        in.receiveFrames().subscribe(this::hear, error -> {}, () -> closed.complete(-1));
        out.complete(to);
        return Mono.never();
    }

    private void hear(WebSocketFrame frame) {
        String kind = frame.getClass().getSimpleName().replace("WebSocketFrame", "");
        heard.add(kind + ":" + frame.content().toString(java.nio.charset.StandardCharsets.UTF_8));
        if (kind.equals("Ping")) {
            out.join()
                    .sendObject(new PongWebSocketFrame(frame.content().copy()))
                    .then()
                    .subscribe();
        }
    }

    String hears() throws InterruptedException {
        return heard.poll(5, TimeUnit.SECONDS);
    }

    void says(String json) {
        send(new TextWebSocketFrame(json));
    }

    void saysInPieces(String one, String two) {
        send(new TextWebSocketFrame(false, 0, one));
        send(new ContinuationWebSocketFrame(true, 0, two));
    }

    void saysBytes(byte[] bytes) {
        send(new BinaryWebSocketFrame(Unpooled.wrappedBuffer(bytes)));
    }

    void answers(String usage) {
        says("{\"type\":\"response.created\",\"response\":{}}");
        says("{\"event_id\":\"e\\\"{\",\"type\":\"response.done\",\"response\":{\"status\":\"completed\",\"usage\":"
                + usage + "}}");
    }

    void closes(int code) {
        out.join().sendClose(code, "bye").subscribe();
    }

    void breaksOff() {
        connection.join().channel().close();
    }

    private void send(WebSocketFrame frame) {
        await().atMost(Duration.ofSeconds(5)).until(out::isDone);
        out.join().sendObject(frame).then().block(Duration.ofSeconds(5));
    }

    @Override
    public void close() {
        server.disposeNow();
    }
}
