"use strict";
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const GRADES = ["bad", "poor", "fair", "good", "excellent"];
const QUESTIONS = {
  mos: ["How natural does this sound?", "1 is bad, 5 is excellent. Rate the voice, not the sentence."],
  ab: ["Which one sounds better?", "The same sentence twice. Listen to both, as often as you like."],
  mushra: ["How similar to the reference is each?", "100 means no audible difference; one of them is the reference itself."],
};
const by = (id) => document.getElementById(id);
let state, trial, number = 0, players = [], played = new Set(), values = [], saving = Promise.resolve();

async function get(path) { return (await fetch(path)).json(); }

async function post(path, facts) {
  try {
    const answer = await fetch(path, { method: "POST", body: JSON.stringify(facts) });
    if (!answer.ok) throw new Error(answer.status);
    by("status").textContent = "saved";
    return true;
  } catch {
    by("status").textContent = "not saved: does the server still run?";
    return false;
  }
}

function button(text, key, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.append(text);
  if (key) {
    const shown = document.createElement("kbd");
    shown.textContent = key;
    made.append(" ", shown);
  }
  made.addEventListener("click", act);
  return made;
}

function play(place) {
  players.forEach((player, i) => { if (i !== place) { player.audio.pause(); player.audio.currentTime = 0; } });
  const { audio } = players[place];
  audio.paused ? audio.play().catch(() => {}) : audio.pause(); // fails where another key stops it at once
  const slider = by("rating").querySelectorAll("input")[place];
  if (slider) slider.focus();
}

function addPlayer(name, key) {
  const place = players.length, audio = new Audio(`/sound/${number}/${place}`);
  const made = button(name, key, () => play(place));
  audio.preload = "auto";
  audio.addEventListener("play", () => { made.classList.add("playing"); played.add(place); update(); });
  for (const event of ["pause", "ended"]) audio.addEventListener(event, () => made.classList.remove("playing"));
  players.push({ audio });
  by("sounds").append(made);
}

function rate(position, value) { // one answer after the other: two at once might arrive in the wrong order
  const before = number;
  saving = saving.then(async () => {
    if (await post("/answer", { trial: before, position, value }) && before === number) {
      values[position] = value;
      update();
    }
  });
}

function choices() {
  if (state.kind === "mos") return GRADES.map((name, i) => [i + 1, `${i + 1}`, `${i + 1} ${name}`]);
  return [[1, "1", "A is better"], [0, "0", "No difference"], [-1, "2", "B is better"]];
}

function addRating() {
  if (state.kind !== "mushra") {
    for (const [value, key, name] of choices()) {
      const made = button(name, state.kind === "mos" ? "" : key, () => rate(0, value));
      made.dataset.value = value;
      by("rating").append(made);
    }
    return;
  }
  for (let place = 0; place < trial.sounds; place++) {
    const row = document.createElement("label"), slider = document.createElement("input"), shown = document.createElement("output");
    row.className = "slider";
    Object.assign(slider, { type: "range", min: 0, max: 100, step: 1, value: values[place] ?? 0 });
    slider.setAttribute("aria-label", `Rating of ${LETTERS[place]}`);
    slider.addEventListener("input", () => { shown.textContent = slider.value; });
    slider.addEventListener("change", () => rate(place, Number(slider.value)));
    shown.textContent = values[place] ?? "–";
    row.append(LETTERS[place], slider, shown);
    by("rating").append(row);
  }
}

function update() {
  for (const made of by("rating").querySelectorAll("button"))
    made.setAttribute("aria-pressed", String(Number(made.dataset.value) === values[0] && values[0] !== null));
  const left = players.length - played.size, open = values.filter((value) => value === null).length;
  by("next").disabled = open > 0 || left > 0;
  by("back").disabled = number === 0;
  if (left && !open) by("status").textContent = left > 1 ? "listen to all of them first" : "listen to it first";
}

function leave(wanted) { // a failed request must not stop those after it
  saving = saving.then(() => show(wanted)).catch(() => {
    by("status").textContent = "not shown: does the server still run?";
  });
}

async function show(wanted) {
  number = wanted;
  players.forEach(({ audio }) => audio.pause());
  players = [];
  played = new Set();
  by("sounds").replaceChildren();
  by("rating").replaceChildren();
  by("status").textContent = "";
  by("bar").style.width = `${100 * number / state.total}%`;
  const over = number >= state.total;
  for (const id of ["sounds", "rating", "next"]) by(id).hidden = over;
  if (over) {
    by("question").textContent = "Thank you!";
    by("hint").textContent = `All ${state.total} answers are saved. You may close this page, or go back and change one.`;
    by("back").disabled = false;
    document.body.dataset.ready = "over";
    return;
  }
  trial = await get(`/trial/${number}`);
  values = trial.values;
  if (values.every((value) => value !== null)) for (let i = 0; i < trial.sounds + (state.kind === "mushra"); i++) played.add(i);
  by("question").textContent = QUESTIONS[state.kind][0];
  by("hint").textContent = `${number + 1} of ${state.total}. ${QUESTIONS[state.kind][1]}`;
  for (let place = 0; place < trial.sounds; place++)
    state.kind === "mos" ? addPlayer("Play", "space") : addPlayer(`Play ${LETTERS[place]}`, LETTERS[place].toLowerCase());
  if (state.kind === "mushra") addPlayer("Play reference", "r");
  addRating();
  update();
  document.body.dataset.ready = String(number);
}

document.addEventListener("keydown", (event) => {
  if (event.target === by("name") || event.ctrlKey || event.altKey || event.metaKey || !state) return;
  const key = event.key.toLowerCase(), letter = LETTERS.toLowerCase().indexOf(key);
  const choice = state.kind === "mushra" ? undefined : choices().find(([, wanted]) => wanted === key);
  if (key === "enter" && event.target.tagName !== "BUTTON") by("next").click();
  else if (key === "backspace") by("back").click();
  else if (key === " " && players.length === 1 && event.target.tagName !== "BUTTON") play(0);
  else if (key === "r" && state.kind === "mushra" && players.length) play(players.length - 1);
  else if (key.length === 1 && letter >= 0 && state.kind !== "mos" && letter < (trial?.sounds ?? 0)) play(letter);
  else if (choice && number < state.total) rate(0, choice[0]);
  else return;
  event.preventDefault();
});
by("next").addEventListener("click", () => { if (!by("next").disabled) leave(number + 1); });
by("back").addEventListener("click", () => { if (number > 0) leave(number - 1); });
by("name").addEventListener("change", () => post("/name", { name: by("name").value }));

get("/state").then((found) => { state = found; by("name").value = state.name; show(state.first); });
