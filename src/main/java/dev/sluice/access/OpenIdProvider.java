package dev.sluice.access;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.ByteBufMono;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientResponse;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The OpenID provider of the settings: where it signs people in, and what its ID tokens say. Its description is asked for
 * when it is needed first, so that a provider that is away keeps nobody from starting.
 */
@Component
final class OpenIdProvider {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int CONNECT_MILLIS = 5_000;

    /** Where its keys stand may change, rarely. */
    private static final Duration DESCRIPTION_KEPT = Duration.ofHours(1);

    /** Of clocks that differ. */
    private static final int SKEW_SECONDS = 60;

    private static final int LONGEST_SUBJECT = 255; // OpenID Connect Core, 2

    /** Asymmetric ones alone: a key that verifies must not be one that signs. */
    private static final Set<JWSAlgorithm> ALGORITHMS = Set.of(
            JWSAlgorithm.RS256,
            JWSAlgorithm.RS384,
            JWSAlgorithm.RS512,
            JWSAlgorithm.PS256,
            JWSAlgorithm.PS384,
            JWSAlgorithm.PS512,
            JWSAlgorithm.ES256,
            JWSAlgorithm.ES384,
            JWSAlgorithm.ES512);

    /** Why a provider's answer does not count. For the log: whoever signs in is told less. */
    static final class Unbelievable extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unbelievable(String why) {
            super(why.replaceAll("\\p{Cntrl}", " "), null, false, false);
        }
    }

    /** Who signed in, as the provider's ID token says. */
    record Identity(String issuer, String subject, String name) {}

    private record Description(String authorization, String token, String keys, boolean secretInBody) {}

    private final String issuer;
    private final String clientId;
    private final String clientSecret;
    private final String redirectUri;
    private final HttpClient http;
    private final Mono<Description> description;

    OpenIdProvider(
            @Value("${sluice.oidc.issuer}") String issuer,
            @Value("${sluice.oidc.client-id}") String clientId,
            @Value("${sluice.oidc.client-secret}") String clientSecret,
            @Value("${sluice.public-url}") String publicUrl,
            ReactorResourceFactory eventLoops) {
        this.issuer = issuer.strip();
        this.clientId = clientId.strip();
        this.clientSecret = clientSecret.strip();
        if (configured()) {
            url("SLUICE_OIDC_ISSUER", this.issuer);
            url("SLUICE_PUBLIC_URL", publicUrl.strip());
            if (this.clientId.isEmpty()) {
                throw new IllegalArgumentException(
                        "SLUICE_OIDC_CLIENT_ID is not set (expected: the id that the provider knows this gateway by)");
            }
        }
        this.redirectUri = publicUrl.strip().replaceFirst("/+$", "") + "/api/oidc/callback";
        this.http = HttpClient.create()
                .runOn(eventLoops.getLoopResources())
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
                .responseTimeout(PATIENCE)
                .followRedirect(false);
        this.description = Mono.defer(this::described)
                .cacheInvalidateWhen(found -> Mono.delay(DESCRIPTION_KEPT).then()); // errors are not kept
    }

    private static void url(String setting, String text) {
        try {
            URI url = new URI(text);
            if (url.getHost() != null && String.valueOf(url.getScheme()).matches("https?")) {
                return;
            }
        } catch (URISyntaxException e) {
            // said below
        }
        throw new IllegalArgumentException(
                setting + " is '" + text + "' (expected: an address such as https://host, where OpenID is set up)");
    }

    boolean configured() {
        return !issuer.isEmpty();
    }

    /** Where the browser goes to sign in. */
    Mono<String> authorization(String state, String nonce, String challenge) {
        Map<String, String> query = new LinkedHashMap<>();
        query.put("response_type", "code");
        query.put("client_id", clientId);
        query.put("redirect_uri", redirectUri);
        query.put("scope", "openid profile email");
        query.put("state", state);
        query.put("nonce", nonce);
        query.put("code_challenge", challenge);
        query.put("code_challenge_method", "S256");
        return description.map(
                found -> found.authorization + (found.authorization.contains("?") ? "&" : "?") + form(query));
    }

    /** Who it is that came back with that code. */
    Mono<Identity> identity(String code, String verifier, String nonce) {
        return description.flatMap(found -> idToken(found, code, verifier)
                .zipWhen(token -> get(found.keys))
                .publishOn(Schedulers.boundedElastic()) // cryptography, and the classes it loads
                .map(both -> believed(both.getT1(), both.getT2(), nonce)));
    }

    private Mono<Description> described() {
        return get(issuer.replaceFirst("/+$", "") + "/.well-known/openid-configuration")
                .map(this::description);
    }

    private Description description(JsonNode found) {
        if (!issuer.equals(found.path("issuer").asString(""))) {
            throw new Unbelievable("its description is of another issuer: "
                    + found.path("issuer").asString("none"));
        }
        String authorization = found.path("authorization_endpoint").asString("");
        String token = found.path("token_endpoint").asString("");
        String keys = found.path("jwks_uri").asString("");
        if (authorization.isEmpty() || token.isEmpty() || keys.isEmpty()) {
            throw new Unbelievable("its description lacks authorization_endpoint, token_endpoint or jwks_uri");
        }
        String methods = found.path("token_endpoint_auth_methods_supported").toString();
        boolean body = !methods.contains("client_secret_basic") && methods.contains("client_secret_post");
        return new Description(authorization, token, keys, body);
    }

    private Mono<String> idToken(Description found, String code, String verifier) {
        Map<String, String> body = new LinkedHashMap<>();
        body.put("grant_type", "authorization_code");
        body.put("code", code);
        body.put("redirect_uri", redirectUri);
        body.put("code_verifier", verifier);
        boolean basic = !clientSecret.isEmpty() && !found.secretInBody;
        if (!basic) {
            body.put("client_id", clientId);
        }
        if (found.secretInBody && !clientSecret.isEmpty()) {
            body.put("client_secret", clientSecret);
        }
        return http.headers(headers -> {
                    headers.set(HttpHeaderNames.CONTENT_TYPE, "application/x-www-form-urlencoded");
                    headers.set(HttpHeaderNames.ACCEPT, "application/json");
                    if (basic) {
                        headers.set(HttpHeaderNames.AUTHORIZATION, basic());
                    }
                })
                .post()
                .uri(found.token)
                .send(ByteBufMono.fromString(Mono.just(form(body))))
                .responseSingle(OpenIdProvider::read)
                .map(answer -> {
                    String token = answer.path("id_token").asString("");
                    if (token.isEmpty()) {
                        throw new Unbelievable("it sent no id_token");
                    }
                    return token;
                });
    }

    /** RFC 6749, 2.3.1: both are form-encoded first. */
    private String basic() {
        String both = encoded(clientId) + ":" + encoded(clientSecret);
        return "Basic " + Base64.getEncoder().encodeToString(both.getBytes(StandardCharsets.UTF_8));
    }

    private Mono<JsonNode> get(String url) {
        return http.get().uri(url).responseSingle(OpenIdProvider::read);
    }

    private static Mono<JsonNode> read(HttpClientResponse response, ByteBufMono body) {
        int status = response.status().code();
        return body.asByteArray()
                .switchIfEmpty(Mono.error(() -> new Unbelievable("it answered " + status + " and nothing")))
                .map(bytes -> {
                    if (status != 200) {
                        throw new Unbelievable("it answered " + status);
                    }
                    return JSON.readTree(bytes);
                });
    }

    private Identity believed(String idToken, JsonNode keys, String nonce) {
        try {
            DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
            processor.setJWSKeySelector(
                    new JWSVerificationKeySelector<>(ALGORITHMS, new ImmutableJWKSet<>(JWKSet.parse(keys.toString()))));
            DefaultJWTClaimsVerifier<SecurityContext> claims = new DefaultJWTClaimsVerifier<>(
                    clientId,
                    new JWTClaimsSet.Builder()
                            .issuer(issuer)
                            .claim("nonce", nonce)
                            .build(),
                    Set.of("sub", "exp", "iat", "aud"));
            claims.setMaxClockSkew(SKEW_SECONDS);
            processor.setJWTClaimsSetVerifier(claims);
            return identity(processor.process(idToken, null));
        } catch (BadJOSEException | JOSEException | ParseException e) {
            throw new Unbelievable("its ID token: " + e.getMessage());
        }
    }

    private Identity identity(JWTClaimsSet claims) throws ParseException {
        List<String> audience = claims.getAudience();
        String party = claims.getStringClaim("azp");
        if (audience.size() > 1 && party == null || party != null && !party.equals(clientId)) {
            throw new Unbelievable("its ID token is for another party");
        }
        String subject = claims.getSubject();
        if (subject.isEmpty()
                || subject.length() > LONGEST_SUBJECT
                || !subject.chars().allMatch(c -> c > 31 && c < 127)) {
            throw new Unbelievable("its ID token has a subject that is not 1 to 255 characters of ASCII");
        }
        String preferred = claims.getStringClaim("preferred_username");
        String name = preferred == null ? claims.getStringClaim("email") : preferred;
        return new Identity(issuer, subject, name == null ? "" : name);
    }

    private static String form(Map<String, String> fields) {
        return fields.entrySet().stream()
                .map(field -> field.getKey() + "=" + encoded(field.getValue()))
                .collect(Collectors.joining("&"));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
