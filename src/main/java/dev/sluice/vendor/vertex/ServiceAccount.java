package dev.sluice.vendor.vertex;

import dev.sluice.vendor.Failure;
import dev.sluice.vendor.Signer;
import dev.sluice.vendor.Vendor.Fetch;
import io.netty.channel.EventLoop;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Clock;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Trades a service account's key for access tokens (Google, "Using OAuth 2.0 for server to server applications"). A
 * token is kept until five minutes before its end; calls that come without one wait for the same new one.
 */
final class ServiceAccount implements Signer {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String SCOPE = "https://www.googleapis.com/auth/cloud-platform";
    private static final long EARLY_SECONDS = 300;
    private static final long LIFE_SECONDS = 3_600;

    /** What the key's JSON says. */
    record Key(String email, String privateKey, String keyId, String tokenUri, String projectId) {
        /** Null: it is no service account's. */
        static @Nullable Key read(String json) {
            try {
                JsonNode key = JSON.readTree(json);
                String email = key.path("client_email").asString("");
                String privateKey = key.path("private_key").asString("");
                return email.isEmpty() || privateKey.isEmpty()
                        ? null
                        : new Key(
                                email,
                                privateKey,
                                key.path("private_key_id").asString(""),
                                key.path("token_uri").asString("https://oauth2.googleapis.com/token"),
                                key.path("project_id").asString(""));
            } catch (JacksonException e) {
                return null;
            }
        }

        @Override
        public String toString() {
            return email;
        }
    }

    /** @param until epoch seconds */
    private record Token(String value, long until) {
        @Override
        public String toString() {
            return "a token until " + until;
        }
    }

    private final @Nullable Key key;
    private final String baseUrl;
    private final Fetch fetch;
    private final Clock clock;
    private final AtomicReference<@Nullable Mono<Token>> underWay = new AtomicReference<>();
    private volatile @Nullable Token token;

    ServiceAccount(String json, String baseUrl, Fetch fetch, Clock clock) {
        this.key = Key.read(json);
        this.baseUrl = baseUrl;
        this.fetch = fetch;
        this.clock = clock;
    }

    @Override
    public Mono<Map<String, String>> headers(@Nullable EventLoop loop, String method, URI url, byte[] body) {
        Token known = token;
        if (known != null && known.until > clock.instant().getEpochSecond() + EARLY_SECONDS) {
            return Mono.just(header(known));
        }
        Mono<Map<String, String>> made = renewed(loop).map(ServiceAccount::header);
        return loop == null ? made : made.publishOn(Schedulers.fromExecutor(loop));
    }

    private static Map<String, String> header(Token token) {
        return Map.of("Authorization", "Bearer " + token.value);
    }

    @Override
    public void refused() {
        token = null;
    }

    private Mono<Token> renewed(@Nullable EventLoop loop) {
        Mono<Token> mine = asked(loop)
                .doOnNext(got -> token = got)
                .doFinally(signal -> underWay.set(null))
                .cache();
        Mono<Token> first = underWay.compareAndExchange(null, mine);
        return first == null ? mine : first;
    }

    private Mono<Token> asked(@Nullable EventLoop loop) {
        Key known = key;
        if (known == null) {
            return Mono.error(new Failure(Failure.Kind.KEY_REFUSED, "the key is no service account's"));
        }
        URI url = URI.create(known.tokenUri);
        if (!allowed(url)) {
            return Mono.error(new Failure(Failure.Kind.KEY_REFUSED, "the key's token_uri is not Google's"));
        }
        // Signing takes milliseconds and draws random numbers: nothing for an event loop.
        return Mono.fromCallable(() -> assertion(known))
                .subscribeOn(Schedulers.boundedElastic())
                .flatMap(jwt -> fetch.post(loop, url, "application/x-www-form-urlencoded", form(jwt)))
                .map(this::read)
                .onErrorMap(
                        error -> !(error instanceof Failure),
                        error -> new Failure(Failure.Kind.KEY_REFUSED, "the key cannot be used"));
    }

    /** The key's text is an operator's input: it must not make the gateway call anyone else. */
    private boolean allowed(URI url) {
        String host = String.valueOf(url.getHost());
        return "https".equals(url.getScheme()) && host.endsWith(".googleapis.com")
                || host.equals(URI.create(baseUrl).getHost());
    }

    private String assertion(Key key) throws GeneralSecurityException {
        long now = clock.instant().getEpochSecond();
        String head = JSON.createObjectNode()
                .put("alg", "RS256")
                .put("typ", "JWT")
                .put("kid", key.keyId)
                .toString();
        String claims = JSON.createObjectNode()
                .put("iss", key.email)
                .put("scope", SCOPE)
                .put("aud", key.tokenUri)
                .put("iat", now)
                .put("exp", now + LIFE_SECONDS)
                .toString();
        String input =
                encoded(head.getBytes(StandardCharsets.UTF_8)) + "." + encoded(claims.getBytes(StandardCharsets.UTF_8));
        byte[] der = Base64.getMimeDecoder()
                .decode(key.privateKey.replace("\\n", "\n").replaceAll("-----[A-Z ]+-----", ""));
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initSign(KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(der)));
        signature.update(input.getBytes(StandardCharsets.US_ASCII));
        return input + "." + encoded(signature.sign());
    }

    private static String encoded(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static byte[] form(String jwt) {
        return ("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + jwt)
                .getBytes(StandardCharsets.US_ASCII);
    }

    private Token read(byte[] answer) {
        JsonNode json = JSON.readTree(answer);
        String value = json.path("access_token").asString("");
        if (value.isEmpty()) {
            throw new Failure(Failure.Kind.KEY_REFUSED, "no access token came");
        }
        return new Token(
                value,
                clock.instant().getEpochSecond() + json.path("expires_in").asLong(LIFE_SECONDS));
    }
}
