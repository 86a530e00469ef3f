package dev.sluice.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import reactor.core.publisher.Flux;

/**
 * What the scripted vendor does with one request: a status, headers and a list of steps. A value; every method answers
 * a new script, so that one can be shared by tests.
 */
public final class Script {
    /** One thing done after the request was read. */
    sealed interface Step {}

    /** Writes each array with a flush of its own: one HTTP chunk and one TCP segment each, if the reader keeps up. */
    record Send(Flux<byte[]> bytes) implements Step {}

    record Pause(Duration length) implements Step {}

    record Await(CompletableFuture<?> signal) implements Step {}

    /** Does nothing more, for ever. */
    record Stall() implements Step {}

    /** Ends the connection at once: with a FIN, or with a reset. */
    record HangUp(boolean reset) implements Step {}

    /** How the receiver is told where the body ends. */
    enum Framing {
        /** One write with a right {@code Content-Length}. */
        WHOLE,
        /** {@code Transfer-Encoding: chunked}, or the {@code Content-Length} among the headers. */
        PIECES,
        /** No HTTP at all: the steps' bytes are all that goes out. */
        RAW,
    }

    final Framing framing;
    final int status;
    final HttpHeaders headers;
    /** Done before the status line goes out. */
    final List<Step> before;

    final List<Step> steps;

    private Script(Framing framing, int status, HttpHeaders headers, List<Step> before, List<Step> steps) {
        this.framing = framing;
        this.status = status;
        this.headers = headers;
        this.before = List.copyOf(before);
        this.steps = List.copyOf(steps);
    }

    private static Script of(Framing framing, int status, String contentType) {
        HttpHeaders headers = new DefaultHttpHeaders();
        if (!contentType.isEmpty()) {
            headers.set("Content-Type", contentType);
        }
        return new Script(framing, status, headers, List.of(), List.of());
    }

    /** A whole JSON answer. */
    public static Script json(int status, String json) {
        return whole(status, "application/json", json.getBytes(UTF_8));
    }

    /** A whole answer of any kind. */
    public static Script whole(int status, String contentType, byte[] body) {
        return of(Framing.WHOLE, status, contentType).send(body);
    }

    /** A page where an API answer was expected, as a captive portal or a wrong address gives. */
    public static Script html() {
        return whole(200, "text/html; charset=utf-8", "<html><body>Welcome!</body></html>".getBytes(UTF_8));
    }

    /** An event stream that sends each text by itself. Further steps may follow. */
    public static Script events(String... chunks) {
        return of(Framing.PIECES, 200, "text/event-stream; charset=utf-8").send(chunks);
    }

    /** An answer in pieces, of any status and type. */
    public static Script pieces(int status, String contentType) {
        return of(Framing.PIECES, status, contentType);
    }

    /** Bytes that need not be HTTP. */
    public static Script raw(String bytes) {
        return of(Framing.RAW, 0, "").send(bytes);
    }

    /** Takes the request and never says a word. */
    public static Script silent() {
        return of(Framing.RAW, 0, "").stall();
    }

    /** Takes the request and ends the connection without a byte: with a FIN, or with a reset. */
    public static Script hangUpAtOnce(boolean reset) {
        Script script = of(Framing.RAW, 0, "");
        return reset ? script.reset() : script.hangUp();
    }

    /** A {@code 200} that announces more bytes than it sends, and then hangs up. */
    public static Script half(String json) {
        byte[] body = json.getBytes(UTF_8);
        return pieces(200, "application/json")
                .header("Content-Length", String.valueOf(body.length))
                .send(List.of(java.util.Arrays.copyOf(body, body.length / 2)))
                .hangUp();
    }

    public Script header(String name, String value) {
        HttpHeaders more = headers.copy().add(name, value);
        return new Script(framing, status, more, before, steps);
    }

    /** Waits before the status line. */
    public Script late(Duration delay) {
        return new Script(framing, status, headers, plus(before, new Pause(delay)), steps);
    }

    /** Waits before the status line until the test says go. */
    public Script lateUntil(CompletableFuture<?> signal) {
        return new Script(framing, status, headers, plus(before, new Await(signal)), steps);
    }

    public Script send(String... chunks) {
        return send(List.of(chunks).stream().map(chunk -> chunk.getBytes(UTF_8)).toList());
    }

    public Script send(byte[] chunk) {
        return send(List.of(chunk));
    }

    public Script send(List<byte[]> chunks) {
        return chunks.isEmpty() ? this : with(new Send(Flux.fromIterable(chunks)));
    }

    /** Sends what the flux makes, as fast as the receiver takes it. */
    public Script send(Flux<byte[]> chunks) {
        return with(new Send(chunks));
    }

    /** Sends pieces of some bytes each, with a pause between them. */
    public Script drip(String text, int size, Duration gap) {
        byte[] bytes = text.getBytes(UTF_8);
        Flux<byte[]> pieces = Flux.fromStream(() -> IntStream.iterate(0, at -> at < bytes.length, at -> at + size)
                .mapToObj(at -> java.util.Arrays.copyOfRange(bytes, at, Math.min(at + size, bytes.length))));
        return with(new Send(pieces.delayElements(gap)));
    }

    /** Sends one event of that many bytes of text, made on the fly. */
    public Script hugeEvent(long bytes) {
        byte[] piece = "x".repeat(16 * 1024).getBytes(UTF_8);
        Flux<byte[]> middle =
                Flux.range(0, Math.toIntExact(bytes / piece.length)).map(i -> piece);
        Flux<byte[]> start = Flux.just("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"".getBytes(UTF_8));
        Flux<byte[]> end = Flux.just("\"}}]}\n\n".getBytes(UTF_8));
        return with(new Send(Flux.concat(start, middle, end)));
    }

    /** Sends the same text for ever, as fast as it is taken. */
    public Script endless(String chunk) {
        byte[] bytes = chunk.getBytes(UTF_8);
        return with(new Send(Flux.generate(sink -> sink.next(bytes))));
    }

    public Script pause(Duration length) {
        return with(new Pause(length));
    }

    /** Waits until the test says go. */
    public Script await(CompletableFuture<?> signal) {
        return with(new Await(signal));
    }

    public Script stall() {
        return with(new Stall());
    }

    /** Ends the connection with a FIN, whatever was promised. */
    public Script hangUp() {
        return with(new HangUp(false));
    }

    /** Ends the connection with a reset. What was sent shortly before may be lost: pause first where it must not. */
    public Script reset() {
        return with(new HangUp(true));
    }

    private Script with(Step step) {
        return new Script(framing, status, headers, before, plus(steps, step));
    }

    private static List<Step> plus(List<Step> steps, Step step) {
        List<Step> more = new ArrayList<>(steps);
        more.add(step);
        return more;
    }
}
