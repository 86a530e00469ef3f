package dev.sluice.relay;

import dev.sluice.access.Caller;
import dev.sluice.channel.Channels;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** What a caller can ask for now, as each form lists it. */
final class ModelList {
    private static final JsonMapper JSON = JsonMapper.shared();

    private final Channels channels;

    ModelList(Channels channels) {
        this.channels = channels;
    }

    byte[] all(Caller caller) {
        Map<String, Object> list = new LinkedHashMap<>();
        list.put("object", "list");
        list.put("data", allowed(caller).stream().map(ModelList::entry).toList());
        return JSON.writeValueAsBytes(list);
    }

    byte[] one(Caller caller, String model) {
        return JSON.writeValueAsBytes(entry(offer(caller, model)));
    }

    /** On one page, whatever the caller's limit is. */
    byte[] allOfAnthropic(Caller caller) {
        List<Channels.Offer> offers = allowed(caller);
        Map<String, Object> list = new LinkedHashMap<>();
        list.put("data", offers.stream().map(ModelList::anthropic).toList());
        list.put("has_more", false);
        list.put("first_id", offers.isEmpty() ? null : offers.getFirst().model());
        list.put("last_id", offers.isEmpty() ? null : offers.getLast().model());
        return JSON.writeValueAsBytes(list);
    }

    byte[] oneOfAnthropic(Caller caller, String model) {
        return JSON.writeValueAsBytes(anthropic(offer(caller, model)));
    }

    byte[] allOfGoogle(Caller caller) {
        return JSON.writeValueAsBytes(
                Map.of("models", allowed(caller).stream().map(ModelList::google).toList()));
    }

    byte[] oneOfGoogle(Caller caller, String model) {
        return JSON.writeValueAsBytes(google(offer(caller, model)));
    }

    private List<Channels.Offer> allowed(Caller caller) {
        return channels.offers(caller.group().name()).stream()
                .filter(offer -> caller.token().allows(offer.model()))
                .toList();
    }

    /** Also of a model that no list names, when some channel takes it by a glob. */
    private Channels.Offer offer(Caller caller, String model) {
        if (!caller.token().allows(model) || !channels.serves(caller.group().name(), model)) {
            throw new Refusal(Reason.MODEL_NOT_FOUND, "There is no such model here.", "model", null);
        }
        return channels.offers(caller.group().name()).stream()
                .filter(offer -> offer.model().equals(model))
                .findFirst()
                .orElseGet(() -> new Channels.Offer(model, 0));
    }

    private static Map<String, Object> anthropic(Channels.Offer offer) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("type", "model");
        entry.put("id", offer.model());
        entry.put("display_name", offer.model());
        entry.put("created_at", Instant.ofEpochSecond(offer.createdAt() / 1000).toString());
        return entry;
    }

    private static Map<String, Object> google(Channels.Offer offer) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("name", "models/" + offer.model());
        entry.put("displayName", offer.model());
        entry.put("supportedGenerationMethods", List.of("generateContent", "streamGenerateContent"));
        return entry;
    }

    private static Map<String, Object> entry(Channels.Offer offer) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("id", offer.model());
        entry.put("object", "model");
        entry.put("created", offer.createdAt() / 1000);
        entry.put("owned_by", "sluice");
        return entry;
    }
}
