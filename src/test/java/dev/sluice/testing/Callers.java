package dev.sluice.testing;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Eight callers at once, half of them for streams, who call again and again and remember what they saw whole. */
public final class Callers implements AutoCloseable {
    private static final int MANY = 8;

    private final HttpClient http = HttpClient.newHttpClient();
    private final ExecutorService threads = Executors.newFixedThreadPool(MANY);
    private final Set<String> answered = ConcurrentHashMap.newKeySet();
    private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
    private volatile boolean stopped;

    /** @param url of the gateway */
    public Callers(String url, List<String> keys, String model) {
        for (int i = 0; i < MANY; i++) {
            boolean stream = i % 2 == 0;
            HttpRequest call = HttpRequest.newBuilder(URI.create(url + "/v1/chat/completions"))
                    .header("Authorization", "Bearer " + keys.get(i % keys.size()))
                    .POST(HttpRequest.BodyPublishers.ofString("{\"model\":\"" + model + "\",\"stream\":" + stream
                            + ",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"))
                    .build();
            threads.execute(() -> callOnAndOn(call, stream));
        }
    }

    private void callOnAndOn(HttpRequest call, boolean stream) {
        while (!stopped) {
            try {
                HttpResponse<String> answer = http.send(call, HttpResponse.BodyHandlers.ofString());
                boolean whole =
                        answer.statusCode() == 200 && (!stream || answer.body().endsWith("data: [DONE]\n\n"));
                if (whole) {
                    answered.add(answer.headers().firstValue("x-request-id").orElseThrow());
                } else {
                    failures.add(answer.statusCode() + " " + answer.body());
                }
            } catch (IOException e) {
                failures.add(e.toString());
                if (failures.size() > 100) {
                    return; // it is gone
                }
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** The ids of the calls that were answered wholly. */
    public Set<String> answered() {
        return answered;
    }

    /** What else was seen. */
    public List<String> failures() {
        return List.copyOf(failures);
    }

    /** Lets the calls that run come to their end. */
    public void finish() throws InterruptedException {
        stopped = true;
        threads.shutdown();
        if (!threads.awaitTermination(60, TimeUnit.SECONDS)) {
            throw new IllegalStateException("calls do not end");
        }
    }

    @Override
    public void close() {
        stopped = true;
        threads.shutdownNow();
        http.shutdownNow();
    }
}
