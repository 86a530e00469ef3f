package dev.sluice.vendor;

import dev.sluice.format.Format;
import dev.sluice.wire.Endpoint;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshakeException;
import io.netty.handler.timeout.ReadTimeoutException;
import io.netty.util.Attribute;
import io.netty.util.AttributeKey;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.Connection;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientRequest;
import reactor.netty.http.client.WebsocketClientSpec;

/**
 * One account at a vendor, ready to be called: client, addresses and headers are made once for each change of its
 * channel, not for each call. Thread-safe.
 */
public final class Upstream {
    /** On connections that have answered before: one of those may have been closed by the vendor at the very moment. */
    private static final AttributeKey<Boolean> USED = AttributeKey.valueOf("sluice.used");

    private final CatalogEntry entry;
    private final Vendor vendor;
    private final Target target;
    private final String origin;
    private final Connections connections;
    private final Duration firstByte;
    private final Duration idle;
    private final boolean dependsOnModel;
    private final Map<Endpoint, Way> plainWays = new ConcurrentHashMap<>();
    private final Map<Endpoint, Way> streamWays = new ConcurrentHashMap<>();
    private final Map<EventLoop, HttpClient> clients = new ConcurrentHashMap<>();
    private final Map<String, String> headers;
    private final @Nullable Signer signer;
    private final Overrides overrides;
    private volatile boolean refusesStreamOptions;

    Upstream(CatalogEntry entry, Vendor vendor, Target described, Connections connections) {
        Target target = vendor.settled(described);
        this.entry = entry;
        this.vendor = vendor;
        this.target = target;
        this.origin = target.baseUrl().replaceFirst("^([a-z]+://[^/]*).*", "$1");
        this.connections = connections;
        this.firstByte = Duration.ofMillis(target.firstByteMs());
        this.idle = Duration.ofMillis(target.idleMs());
        this.dependsOnModel = !Objects.equals(
                vendor.way(entry, target, Endpoint.CHAT, "a", false),
                vendor.way(entry, target, Endpoint.CHAT, "claude", false));
        this.refusesStreamOptions = entry.has("no_stream_options");
        this.headers = new ConcurrentHashMap<>(vendor.credentials(entry, target));
        this.headers.putAll(target.headers());
        this.overrides = new Overrides(target.options());
        this.signer = vendor.signer(entry, target, this::fetch);
    }

    /** A short answer to a question beside the calls. */
    private Mono<byte[]> fetch(@Nullable EventLoop loop, URI url, String contentType, byte[] body) {
        return connections
                .client(target, url, loop)
                .headers(each -> each.set("content-type", contentType).set("user-agent", "sluice"))
                .post()
                .uri(url)
                .send((request, out) -> out.sendObject(Unpooled.wrappedBuffer(body)))
                .responseSingle((response, bytes) -> response.status().code() / 100 == 2
                        ? bytes.asByteArray()
                        : Mono.error(new Failure(
                                response.status().code() < 500 ? Failure.Kind.KEY_REFUSED : Failure.Kind.SERVER_ERROR,
                                "status " + response.status().code() + " to the credential")))
                .onErrorMap(error -> !(error instanceof Failure), Upstream::failure);
    }

    /** Whether the vendor has the endpoint at all. */
    public boolean serves(Endpoint endpoint) {
        return vendor.way(entry, target, endpoint, "any", false) != null;
    }

    /** Whether a stream may be asked for its usage. */
    public boolean takesStreamOptions() {
        return !refusesStreamOptions;
    }

    /** It answered that it does not know {@code stream_options}: it is not sent them again. */
    public void refusedStreamOptions() {
        refusesStreamOptions = true;
    }

    /** Where, and in which form, the vendor takes what is asked; null: nowhere. The URL is a path here. */
    public @Nullable Way way(Endpoint endpoint, String model, boolean stream) {
        if (dependsOnModel || endpoint == Endpoint.REALTIME) {
            return relative(vendor.way(entry, target, endpoint, model, stream));
        }
        Map<Endpoint, Way> ways = stream ? streamWays : plainWays;
        Way known = ways.get(endpoint);
        if (known == null) {
            known = relative(vendor.way(entry, target, endpoint, model, stream));
            if (known != null) {
                ways.put(endpoint, known);
            }
        }
        return known;
    }

    /** For one answer that came by that way. */
    public Meter meter(Way way) {
        Format format = way.format();
        return format == null || format == Format.CHAT || format == Format.EMBEDDINGS
                ? vendor.meter(entry)
                : new PieceMeter(format, entry.quirks());
    }

    /** What a 4xx really means where the vendor says so in its body alone; null: what the status says. */
    public @Nullable Failure failure(int status, byte[] body) {
        return vendor.failure(status, body);
    }

    /** The vendor's departures from the form it speaks. */
    public List<String> quirks() {
        return entry.quirks();
    }

    /**
     * Sends a call. Cancelling closes the connection.
     *
     * @param loop the event loop of the caller's connection: the vendor's is kept on the same one; null: any
     * @param passed what of the caller's own headers the vendor gets
     * @return the answer once its head is there, or a {@link Failure}
     */
    public Mono<Reply> post(@Nullable EventLoop loop, Way way, byte[] given, HttpHeaders passed) {
        byte[] body = vendor.body(way, overrides.applied(way.format(), given));
        if (signer == null) {
            return post(loop, way, body, passed, headers);
        }
        return signer.headers(loop, "POST", URI.create(origin + way.url()), body)
                .flatMap(signed -> post(loop, way, body, passed, with(signed)))
                .doOnNext(reply -> {
                    if (reply.status() == 401) {
                        signer.refused();
                    }
                });
    }

    private Map<String, String> with(Map<String, String> signed) {
        Map<String, String> all = new HashMap<>(headers);
        all.putAll(signed);
        return all;
    }

    private Mono<Reply> post(
            @Nullable EventLoop loop, Way way, byte[] body, HttpHeaders passed, Map<String, String> own) {
        boolean[] reused = new boolean[1];
        long begun = target.totalMs() == 0 ? 0 : System.nanoTime();
        Mono<Reply> once = client(loop)
                .post()
                .uri(way.url())
                .send((request, out) -> {
                    head(request, passed, body.length, own);
                    out.withConnection(connection -> reused[0] = used(connection));
                    return out.sendObject(Unpooled.wrappedBuffer(body));
                })
                .responseConnection((response, connection) ->
                        Mono.just(new Reply(response, connection, overrides, firstByte, idle)))
                .single()
                .doOnNext(reply -> reply.renames(overrides.renames(way.format())))
                .onErrorMap(IllegalArgumentException.class, Upstream::notHttp);
        Mono<Reply> timed = target.totalMs() == 0 ? once : once.doOnNext(reply -> reply.endBy(begun, target.totalMs()));
        return timed.onErrorResume(error -> reused[0] && brokenOff(error) ? timed : Mono.error(error))
                .onErrorMap(error -> !(error instanceof Failure), Upstream::failure);
    }

    /**
     * Sends a call whose body is a form. It is not tried again here: a form may be gone once it was sent.
     *
     * @param length in bytes; -1: not known
     */
    public Mono<Reply> form(
            EventLoop loop, Way way, Flux<ByteBuf> body, long length, String contentType, HttpHeaders passed) {
        if (signer != null) {
            return Mono.error(new Failure(Failure.Kind.NOT_THE_PROTOCOL, "it takes no forms"));
        }
        return client(loop)
                .post()
                .uri(way.url())
                .send((request, out) -> {
                    HttpHeaders all = request.requestHeaders();
                    all.add(passed);
                    all.set("user-agent", "sluice").set("content-type", contentType);
                    if (length >= 0) {
                        all.set("content-length", length);
                    } else {
                        all.set("transfer-encoding", "chunked");
                    }
                    headers.forEach((name, value) -> {
                        if (!name.equalsIgnoreCase("content-type")) {
                            all.set(name, value);
                        }
                    });
                    return out.send(body);
                })
                .responseConnection((response, connection) ->
                        Mono.just(new Reply(response, connection, overrides, firstByte, idle)))
                .single()
                .onErrorMap(error -> !(error instanceof Failure), Upstream::failure);
    }

    /**
     * Opens a WebSocket. Whoever gets the connection ends it.
     *
     * @param beta the caller's {@code OpenAI-Beta}; null: none
     * @param largest frame in bytes
     * @return the connection once it is upgraded, a {@link Failure}, or what the vendor refused with
     */
    public Mono<Connection> websocket(EventLoop loop, Way way, @Nullable String beta, int largest) {
        return client(loop)
                .responseTimeout(null) // it would go on counting after the upgrade
                .headers(each -> {
                    each.set("user-agent", "sluice");
                    if (beta != null) {
                        each.set("openai-beta", beta);
                    }
                    headers.forEach(each::set);
                })
                .websocket(WebsocketClientSpec.builder()
                        .handlePing(true)
                        .maxFramePayloadLength(largest)
                        .build())
                .uri(way.url())
                .connect()
                .cast(Connection.class)
                .timeout(firstByte, Schedulers.fromExecutorService(loop))
                .onErrorMap(this::notUpgraded);
    }

    private Throwable notUpgraded(Throwable error) {
        if (error instanceof TimeoutException) {
            return new Failure(Failure.Kind.TIMEOUT, "no answer in time");
        }
        if (!(error instanceof WebSocketClientHandshakeException handshake)) {
            return failure(error);
        }
        HttpResponse response = handshake.response();
        int status = response == null ? 0 : overrides.status(response.status().code());
        Failure failure = Failure.of(status);
        if (failure != null) {
            return failure;
        }
        return switch (status) {
            case 404 -> new Refusal(Reason.MODEL_NOT_FOUND, "The model takes no realtime session.", "model", null);
            case 400, 409, 413, 415, 422 -> new Refusal(Reason.INVALID_VALUE, "The model refused the session.");
            default -> new Failure(Failure.Kind.NOT_THE_PROTOCOL, "status " + status + " to an upgrade");
        };
    }

    /**
     * Asks a vendor that is a relay itself, at a path of its own.
     *
     * @param path behind the endpoint's
     * @param body null: none
     */
    public Mono<Reply> relayed(
            EventLoop loop, HttpMethod method, Endpoint endpoint, String path, byte @Nullable [] body) {
        Way way = way(endpoint, "any", false);
        if (way == null) {
            return Mono.error(new Failure(Failure.Kind.NOT_THE_PROTOCOL, "it does not have the endpoint"));
        }
        return client(loop)
                .headers(each -> {
                    each.set("user-agent", "sluice");
                    if (body != null) {
                        each.set("content-type", "application/json").set("content-length", body.length);
                    }
                    headers.forEach(each::set);
                })
                .request(method)
                .uri(way.url() + path)
                .send((request, out) -> body == null ? out.then() : out.sendObject(Unpooled.wrappedBuffer(body)))
                .responseConnection((response, connection) ->
                        Mono.just(new Reply(response, connection, overrides, firstByte, idle)))
                .single()
                .onErrorMap(error -> !(error instanceof Failure), Upstream::failure);
    }

    /** Asks for a response that the vendor keeps, or what else is done with one. */
    public Mono<Reply> kept(EventLoop loop, HttpMethod method, String idAndRest) {
        Way way = way(Endpoint.RESPONSES, "any", false);
        if (way == null || way.format() != Format.RESPONSES) {
            return Mono.error(new Failure(Failure.Kind.NOT_THE_PROTOCOL, "the vendor keeps no responses"));
        }
        return client(loop)
                .headers(each -> headers.forEach(each::set))
                .request(method)
                .uri(way.url() + "/" + idAndRest)
                .responseConnection((response, connection) ->
                        Mono.just(new Reply(response, connection, overrides, firstByte, idle)))
                .single()
                .onErrorMap(Upstream::failure);
    }

    /** Whether the vendor has a list of models. */
    public boolean listsModels() {
        return !modelLists().isEmpty();
    }

    /** The URLs of the vendor's lists of models, mostly one. */
    public List<String> modelLists() {
        return vendor.modelsUrls(entry, target);
    }

    /** Asks for a list of models. */
    public Mono<Reply> models(String url) {
        return signer == null
                ? get(url, headers)
                : signer.headers(null, "GET", URI.create(url), new byte[0]).flatMap(signed -> get(url, with(signed)));
    }

    /** Asks what is left of the account. */
    public Mono<Reply> balance() {
        CatalogEntry.Balance balance = entry.balance();
        return balance == null
                ? Mono.error(new Failure(Failure.Kind.NOT_THE_PROTOCOL, "the vendor tells no balance"))
                : get(origin + balance.path(), headers);
    }

    /** How the answer to {@link #balance} is read; null: it is not asked. */
    public CatalogEntry.@Nullable Balance balanceForm() {
        return entry.balance();
    }

    private Mono<Reply> get(String url, Map<String, String> own) {
        return connections
                .client(target, URI.create(url), null)
                .headers(each -> own.forEach(each::set))
                .get()
                .uri(url)
                .responseConnection((response, connection) ->
                        Mono.just(new Reply(response, connection, overrides, firstByte, idle)))
                .single()
                .onErrorMap(Upstream::failure);
    }

    private static void head(HttpClientRequest request, HttpHeaders passed, int length, Map<String, String> own) {
        HttpHeaders all = request.requestHeaders();
        all.add(passed);
        all.set("user-agent", "sluice");
        all.set("content-type", "application/json");
        all.set("content-length", length);
        own.forEach(all::set);
    }

    private static boolean used(Connection connection) {
        Attribute<Boolean> used = connection.channel().attr(USED);
        return Boolean.TRUE.equals(used.getAndSet(Boolean.TRUE));
    }

    private static boolean brokenOff(Throwable error) {
        return error instanceof java.io.IOException && !(error instanceof ConnectTimeoutException);
    }

    private static @Nullable Way relative(@Nullable Way way) {
        if (way == null) {
            return null;
        }
        URI uri = URI.create(way.url());
        String query = uri.getRawQuery();
        return new Way(query == null ? uri.getRawPath() : uri.getRawPath() + "?" + query, way.format());
    }

    private HttpClient client(@Nullable EventLoop loop) {
        if (loop == null) {
            return connections.client(target, URI.create(target.baseUrl()), null);
        }
        HttpClient client = clients.get(loop);
        return client != null
                ? client
                : clients.computeIfAbsent(loop, each -> connections.client(target, URI.create(target.baseUrl()), each));
    }

    /** Netty's parser says so of a first line that is not HTTP's; nothing of ours runs where it is caught. */
    private static Failure notHttp(IllegalArgumentException nonsense) {
        return new Failure(Failure.Kind.NOT_THE_PROTOCOL, "the answer is not HTTP");
    }

    /**
     * What went wrong on the way to a vendor, in words that name neither host nor library. What is not of the network
     * is a bug, and comes back as it is.
     */
    public static Throwable failure(Throwable error) {
        return switch (error) {
            case Failure failure -> failure;
            case ReadTimeoutException timeout -> new Failure(Failure.Kind.TIMEOUT, "no answer in time");
            case ConnectTimeoutException timeout -> new Failure(Failure.Kind.TIMEOUT, "no connection in time");
            case java.net.UnknownHostException unknown -> new Failure(Failure.Kind.NETWORK, "the address is unknown");
            case java.net.ConnectException refused -> new Failure(Failure.Kind.NETWORK, "connection refused");
            case javax.net.ssl.SSLException tls -> new Failure(Failure.Kind.NETWORK, "TLS failed");
            case java.io.IOException broken -> new Failure(Failure.Kind.NETWORK, "the connection broke");
            case io.netty.channel.ChannelException broken -> new Failure(Failure.Kind.NETWORK, "the connection broke");
            case io.netty.handler.codec.CodecException nonsense ->
                new Failure(Failure.Kind.NOT_THE_PROTOCOL, "the answer is not HTTP");
            default -> error;
        };
    }

    @Override
    public String toString() {
        return target.toString();
    }
}
