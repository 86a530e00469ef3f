package dev.sluice.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import tools.jackson.databind.json.JsonMapper;

/**
 * An OpenID provider that signs in whoever comes, as the subject it was told: with discovery, codes that count once, PKCE,
 * the client's secret, and ID tokens signed with RS256. What a token says can be bent.
 */
public final class StubProvider implements AutoCloseable {
    public static final String CLIENT = "sluice-gateway";
    public static final String SECRET = "client secret: +/%";

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final HttpServer server;
    private final KeyPair pair = pair();
    private final KeyPair strange = pair();
    private final Map<String, Map<String, String>> codes = new ConcurrentHashMap<>();
    private volatile String subject = "subject-1";
    private volatile String username = "ann";
    private volatile UnaryOperator<Map<String, Object>> bending = claims -> claims;
    private volatile String algorithm = "RS256";
    private volatile boolean strangeKey;
    private volatile String back = "";

    private StubProvider(HttpServer server) {
        this.server = server;
        server.createContext("/", this::handle);
        server.start();
    }

    public static StubProvider start() {
        try {
            return new StubProvider(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static KeyPair pair() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    public String issuer() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** Who signs in from now on; ID tokens are as they should be again. */
    public StubProvider is(String subject, String username) {
        this.subject = subject;
        this.username = username;
        bending = claims -> claims;
        algorithm = "RS256";
        strangeKey = false;
        return this;
    }

    /** Changes what ID tokens say. */
    public void bends(UnaryOperator<Map<String, Object>> change) {
        bending = change;
    }

    /** The {@code alg} of ID tokens: RS256, none (without a signature) or HS256 (with the public key as secret). */
    public void signsBy(String algorithm) {
        this.algorithm = algorithm;
    }

    /** Signs with a key that it does not publish. */
    public void signsWithAStrangeKey() {
        strangeKey = true;
    }

    /** Browsers are sent back to this host, whatever the redirect URI's is: the gateway's port is not known before it starts. */
    public void sendsBackTo(String url) {
        back = url;
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            switch (exchange.getRequestURI().getPath()) {
                case "/.well-known/openid-configuration" ->
                    json(
                            exchange,
                            200,
                            Map.of(
                                    "issuer", issuer(),
                                    "authorization_endpoint", issuer() + "/authorize",
                                    "token_endpoint", issuer() + "/token",
                                    "jwks_uri", issuer() + "/keys"));
                case "/keys" -> json(exchange, 200, Map.of("keys", new Object[] {key()}));
                case "/authorize" -> authorize(exchange);
                case "/token" -> token(exchange);
                default -> exchange.sendResponseHeaders(404, -1);
            }
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private Map<String, Object> key() {
        RSAPublicKey key = (RSAPublicKey) pair.getPublic();
        return Map.of(
                "kty", "RSA",
                "use", "sig",
                "kid", "k1",
                "alg", "RS256",
                "n", number(key.getModulus()),
                "e", number(key.getPublicExponent()));
    }

    private static String number(BigInteger number) {
        byte[] bytes = number.toByteArray();
        return base64(bytes[0] == 0 ? Arrays.copyOfRange(bytes, 1, bytes.length) : bytes);
    }

    private void authorize(HttpExchange exchange) throws IOException {
        Map<String, String> query = form(exchange.getRequestURI().getRawQuery());
        boolean good = CLIENT.equals(query.get("client_id"))
                && "code".equals(query.get("response_type"))
                && "S256".equals(query.get("code_challenge_method"))
                && Arrays.asList(query.getOrDefault("scope", "").split(" ")).contains("openid");
        if (!good) {
            exchange.sendResponseHeaders(400, -1);
            return;
        }
        String code = UUID.randomUUID().toString();
        codes.put(code, query);
        String redirect = query.get("redirect_uri");
        String there = back.isEmpty() ? redirect : back + URI.create(redirect).getPath();
        exchange.getResponseHeaders().set("Location", there + "?code=" + code + "&state=" + query.get("state"));
        exchange.sendResponseHeaders(302, -1);
    }

    private void token(HttpExchange exchange) throws IOException, GeneralSecurityException {
        Map<String, String> body = form(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
        Map<String, String> asked = codes.remove(body.getOrDefault("code", ""));
        boolean good = asked != null
                && "authorization_code".equals(body.get("grant_type"))
                && asked.get("redirect_uri").equals(body.get("redirect_uri"))
                && asked.get("code_challenge").equals(challenge(body.getOrDefault("code_verifier", "")))
                && basic().equals(exchange.getRequestHeaders().getFirst("Authorization"));
        if (!good) {
            json(exchange, 400, Map.of("error", "invalid_grant"));
            return;
        }
        json(
                exchange,
                200,
                Map.of(
                        "access_token", "at",
                        "token_type", "Bearer",
                        "id_token", idToken(asked.get("nonce"))));
    }

    private static String challenge(String verifier) throws GeneralSecurityException {
        return base64(MessageDigest.getInstance("SHA-256").digest(verifier.getBytes(StandardCharsets.US_ASCII)));
    }

    private static String basic() {
        String both = CLIENT + ":" + java.net.URLEncoder.encode(SECRET, StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(both.getBytes(StandardCharsets.UTF_8));
    }

    private String idToken(String nonce) throws GeneralSecurityException {
        long now = System.currentTimeMillis() / 1000;
        Map<String, Object> claims = new LinkedHashMap<>();
        claims.put("iss", issuer());
        claims.put("sub", subject);
        claims.put("aud", CLIENT);
        claims.put("iat", now);
        claims.put("exp", now + 300);
        claims.put("nonce", nonce);
        claims.put("preferred_username", username);
        String head = base64(JSON.writeValueAsBytes(Map.of("alg", algorithm, "kid", "k1")));
        String signed = head + "." + base64(JSON.writeValueAsBytes(bending.apply(claims)));
        return signed + "." + base64(signature(signed.getBytes(StandardCharsets.US_ASCII)));
    }

    private byte[] signature(byte[] signed) throws GeneralSecurityException {
        if (algorithm.equals("none")) {
            return new byte[0];
        }
        if (algorithm.equals("HS256")) {
            javax.crypto.Mac mac = javax.crypto.Mac.getInstance("HmacSHA256");
            mac.init(new javax.crypto.spec.SecretKeySpec(pair.getPublic().getEncoded(), "HmacSHA256"));
            return mac.doFinal(signed);
        }
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initSign((strangeKey ? strange : pair).getPrivate());
        signature.update(signed);
        return signature.sign();
    }

    private static Map<String, String> form(String text) {
        Map<String, String> fields = new LinkedHashMap<>();
        for (String pair : text.split("&")) {
            String[] both = pair.split("=", 2);
            fields.put(both[0], URLDecoder.decode(both.length < 2 ? "" : both[1], StandardCharsets.UTF_8));
        }
        return fields;
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static void json(HttpExchange exchange, int status, Object body) throws IOException {
        byte[] bytes = JSON.writeValueAsBytes(body);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
