package dev.sluice.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.util.AttributeKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.resources.LoopResources;

/**
 * A vendor that does what a test tells it to: a real HTTP server on a free port of the loopback address. Without a
 * script it speaks the OpenAI API: chat, completions, embeddings and models, under any path in front of those (Azure's
 * deployments too).
 */
public final class ScriptedVendor implements AutoCloseable {
    private static final AttributeKey<AtomicLong> ACCEPTED = AttributeKey.valueOf("sluice.test.accepted");
    /** One event loop of its own for all vendors of the suite: a stuck gateway must not look like a stuck vendor. */
    private static final LoopResources LOOP = LoopResources.create("vendor", 1, true);

    private final DisposableServer server;
    private final Playlist playlist = new Playlist();
    private final Map<String, Playlist> playlistsByKey = new ConcurrentHashMap<>();
    private final List<VendorCall> calls = new CopyOnWriteArrayList<>();
    private final List<Channel> channels = new CopyOnWriteArrayList<>();
    private final AtomicInteger taken = new AtomicInteger();

    private ScriptedVendor() {
        server = HttpServer.create()
                .host("127.0.0.1")
                .port(0)
                .runOn(LOOP)
                .httpRequestDecoder(spec -> spec.maxInitialLineLength(64 * 1024).maxHeaderSize(64 * 1024))
                .doOnChannelInit((observer, channel, remote) -> {
                    channels.add(channel);
                    channel.pipeline().addFirst(new AcceptedBytes());
                })
                .handle(this::take)
                .bindNow(Duration.ofSeconds(10));
    }

    public static ScriptedVendor start() {
        return new ScriptedVendor();
    }

    public int port() {
        return server.port();
    }

    /** The address without a path. */
    public String url() {
        return "http://127.0.0.1:" + port();
    }

    /** The address as an operator would enter it for an OpenAI channel. */
    public String baseUrl() {
        return url() + "/v1";
    }

    public Playlist then(Script script) {
        return playlist.then(script);
    }

    public Playlist answers(String json) {
        return playlist.answers(json);
    }

    public Playlist refuses(int status, String json) {
        return playlist.refuses(status, json);
    }

    public Playlist streams(String... chunks) {
        return playlist.streams(chunks);
    }

    public Playlist always(Script script) {
        return playlist.always(script);
    }

    public Playlist always(Function<VendorCall, Script> choice) {
        return playlist.always(choice);
    }

    /** Answers each request, plain or streamed as it asks. */
    public void alwaysAnswersChats() {
        playlist.always(call -> call.text().contains("\"stream\":true")
                ? Script.events(chatStream("Hi there", 1, 2))
                : Script.json(200, chat("Hi there", 1, 2)));
    }

    /** The scripts for requests that come with this credential; they go before the others. */
    public Playlist forKey(String key) {
        return playlistsByKey.computeIfAbsent(key, any -> new Playlist());
    }

    /** Every request so far, in order of arrival. */
    public List<VendorCall> calls() {
        return List.copyOf(calls);
    }

    /** The next request that this method has not answered yet; waits for it, with a bound. */
    public VendorCall nextCall() {
        int index = taken.getAndIncrement();
        await("request " + (index + 1) + " at the vendor")
                .pollInterval(Duration.ofMillis(2))
                .atMost(Duration.ofSeconds(10))
                .until(() -> calls.size() > index);
        return calls.get(index);
    }

    /** How many connections were opened to this vendor so far. */
    public int connectionsOpened() {
        return channels.size();
    }

    public long connectionsOpen() {
        return channels.stream().filter(Channel::isActive).count();
    }

    /** Bytes that the operating system took on all connections so far, HTTP framing included. */
    public long accepted() {
        return channels.stream()
                .mapToLong(channel -> channel.attr(ACCEPTED).get().get())
                .sum();
    }

    /** Forgets scripts and requests. */
    public void clear() {
        playlist.clear();
        playlistsByKey.clear();
        calls.clear();
        taken.set(0);
    }

    /** Stops listening and ends every connection. */
    @Override
    public void close() {
        server.disposeNow(Duration.ofSeconds(5));
        channels.forEach(Channel::close);
    }

    private Mono<Void> take(HttpServerRequest request, HttpServerResponse response) {
        return request.receive()
                .aggregate()
                .asByteArray()
                .defaultIfEmpty(new byte[0])
                .flatMap(body -> play(request, response, body));
    }

    private Mono<Void> play(HttpServerRequest request, HttpServerResponse response, byte[] body) {
        CompletableFuture<Connection> connection = new CompletableFuture<>();
        response.withConnection(connection::complete);
        Channel channel = connection.getNow(null).channel();
        VendorCall call = new VendorCall(
                request.method().name(),
                request.uri(),
                request.requestHeaders().copy(),
                body,
                channel.attr(ACCEPTED).get());
        channel.closeFuture().addListener(closed -> {
            if (!call.ended().isDone()) {
                call.callerLeft().complete(System.nanoTime());
            }
        });
        Script script = pick(call);
        calls.add(call);
        Flux<ByteBuf> before = Flux.fromIterable(script.before).concatMap(step -> steps(step, call, channel));
        return before.thenEmpty(Mono.defer(() -> answer(script, call, channel, response)))
                .doOnSuccess(done -> call.ended().complete(null));
    }

    private Script pick(VendorCall call) {
        String key = call.key();
        Playlist byKey = key == null ? null : playlistsByKey.get(key);
        Script script = byKey == null ? null : byKey.pick(call);
        if (script == null) {
            script = playlist.pick(call);
        }
        return script == null ? OpenAi.answer(call) : script;
    }

    private static Mono<Void> answer(Script script, VendorCall call, Channel channel, HttpServerResponse response) {
        Flux<ByteBuf> body = Flux.fromIterable(script.steps).concatMap(step -> steps(step, call, channel), 1);
        if (script.framing == Script.Framing.RAW) {
            return body.concatMap(bytes -> writeRaw(channel, bytes)).then(Mono.never());
        }
        response.status(script.status);
        script.headers.forEach(header -> response.addHeader(header.getKey(), header.getValue()));
        if (script.framing == Script.Framing.WHOLE) {
            return body.reduce(Unpooled.buffer(), ByteBuf::writeBytes)
                    .flatMap(bytes -> response.header("Content-Length", String.valueOf(bytes.readableBytes()))
                            .send(Mono.just(bytes))
                            .then());
        }
        return response.send(body, bytes -> true).then();
    }

    private static Flux<ByteBuf> steps(Script.Step step, VendorCall call, Channel channel) {
        return switch (step) {
            case Script.Send send -> send.bytes().map(Unpooled::wrappedBuffer);
            case Script.Pause pause -> Mono.delay(pause.length()).thenMany(Flux.empty());
            case Script.Await await -> Mono.fromFuture(await.signal(), true).thenMany(Flux.empty());
            case Script.Stall() -> Flux.never();
            case Script.HangUp hangUp -> Flux.defer(() -> hangUp(hangUp, call, channel));
        };
    }

    private static Flux<ByteBuf> hangUp(Script.HangUp hangUp, VendorCall call, Channel channel) {
        call.ended().complete(null);
        channel.eventLoop().execute(() -> {
            if (hangUp.reset()) {
                channel.config().setOption(ChannelOption.SO_LINGER, 0);
            }
            channel.close();
        });
        return Flux.never();
    }

    /** Past the HTTP encoder, straight to the socket. */
    private static Mono<Void> writeRaw(Channel channel, ByteBuf bytes) {
        return Mono.create(
                sink -> channel.pipeline().firstContext().writeAndFlush(bytes).addListener(written -> sink.success()));
    }

    /** Counts what the operating system accepted. */
    private static final class AcceptedBytes extends ChannelOutboundHandlerAdapter {
        private final AtomicLong accepted = new AtomicLong();

        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            context.channel().attr(ACCEPTED).set(accepted);
        }

        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) throws Exception {
            int bytes = message instanceof ByteBuf buffer ? buffer.readableBytes() : 0;
            ChannelPromise listened = promise.unvoid();
            listened.addListener(written -> {
                if (written.isSuccess()) {
                    accepted.addAndGet(bytes);
                }
            });
            super.write(context, message, listened);
        }
    }

    /** A whole chat answer. */
    public static String chat(String text, int promptTokens, int completionTokens) {
        return OpenAi.chat("gpt-4o-mini", text, promptTokens, completionTokens);
    }

    /** A chat stream with usage: a role chunk, one chunk a word, the finish, the usage and {@code [DONE]}. */
    public static String[] chatStream(String text, int promptTokens, int completionTokens) {
        List<String> chunks = new ArrayList<>(OpenAi.chatChunks("gpt-4o-mini", text, true));
        chunks.add(OpenAi.usageChunk("gpt-4o-mini", promptTokens, completionTokens));
        chunks.add(OpenAi.DONE);
        return chunks.toArray(String[]::new);
    }

    /** A chat stream of a vendor that sends no usage. */
    public static String[] chatStreamWithoutUsage(String text) {
        List<String> chunks = new ArrayList<>(OpenAi.chatChunks("gpt-4o-mini", text, false));
        chunks.add(OpenAi.DONE);
        return chunks.toArray(String[]::new);
    }

    /** An error as OpenAI words it. */
    public static String error(String message, String type, String code) {
        return "{\"error\":{\"message\":" + Json.quote(message) + ",\"type\":" + Json.quote(type)
                + ",\"param\":null,\"code\":" + Json.quote(code) + "}}";
    }

    static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
