"use strict";
document.documentElement.classList.add("scripted"); // without a script the browser's own players stay

const status = document.getElementById("status");
const shares = new WeakMap(); // players of a sentence → where they are, 0 to 1 of each row's length
let turn = []; // figures still to be played by "play in turn"

const soundOf = (figure) => figure.querySelector("audio");
const playersOf = (figure) => figure.closest(".players");
const figuresOf = (card) => [...card.querySelectorAll("figure")];
const secondsOf = (figure) => soundOf(figure).duration || Number(figure.dataset.seconds);
const currentOf = (card) => card.querySelector("figure.current") || card.querySelector("figure");
const sounding = () => [...document.querySelectorAll("figure.playing")].find((figure) => !soundOf(figure).paused);

/** Puts the cursors of all rows of a sentence at the same share of their length. */
function place(players, share) {
  shares.set(players, share);
  players.style.setProperty("--at", share);
  players.classList.add("touched");
  for (const figure of figuresOf(players)) {
    const seek = figure.querySelector(".seek"), seconds = Number(figure.dataset.seconds);
    seek.value = share;
    seek.setAttribute("aria-valuetext", `${(share * seconds).toFixed(1)} of ${seconds.toFixed(1)} seconds`);
  }
}

/** Makes a row the one that the keyboard, the bright cursor and the next play are about. */
function choose(figure) {
  for (const other of figuresOf(playersOf(figure))) {
    other.classList.toggle("current", other === figure);
    other.querySelector(".seek").tabIndex = other === figure ? 0 : -1;
  }
}

function silence(except) {
  for (const figure of document.querySelectorAll("figure.playing")) if (figure !== except) soundOf(figure).pause();
}

/** Plays a row from where its sentence is. */
function play(figure) {
  const audio = soundOf(figure), players = playersOf(figure);
  silence(figure);
  choose(figure);
  for (const other of figuresOf(players)) soundOf(other).preload = "auto"; // so that switching does not wait
  audio.currentTime = (shares.get(players) || 0) * secondsOf(figure);
  figure.classList.add("playing");
  audio.play().catch(() => figure.classList.remove("playing")); // switched away before it began
}

/** Goes to a row: on with the sound if there is any, else only there. */
function switchTo(figure) {
  const playing = sounding();
  if (playing && playersOf(playing) === playersOf(figure)) play(figure);
  else choose(figure);
  status.textContent = `${figure.dataset.row}, ${figure.querySelector(".seek").getAttribute("aria-valuetext") || ""}`;
}

function toggle(figure) {
  turn = [];
  if (figure === sounding()) soundOf(figure).pause();
  else play(figure);
}

function seek(figure, share) {
  place(playersOf(figure), share);
  const playing = sounding();
  if (playing && playersOf(playing) === playersOf(figure)) play(figure);
  else choose(figure);
}

for (const figure of document.querySelectorAll("figure")) {
  const audio = soundOf(figure), button = figure.querySelector(".play"), slider = figure.querySelector(".seek");
  const name = button.getAttribute("aria-label");
  const follow = () => {
    if (!figure.classList.contains("playing")) return;
    if (!audio.paused && !audio.seeking) place(playersOf(figure), Math.min(1, audio.currentTime / secondsOf(figure)));
    requestAnimationFrame(follow);
  };
  button.addEventListener("click", () => { button.focus(); toggle(figure); }); // Safari focuses no clicked button
  slider.addEventListener("input", () => seek(figure, Number(slider.value)));
  audio.addEventListener("play", () => {
    button.setAttribute("aria-label", name.replace("Play", "Pause"));
    follow();
  });
  audio.addEventListener("pause", () => {
    figure.classList.remove("playing");
    button.setAttribute("aria-label", name);
  });
  audio.addEventListener("ended", () => {
    figure.classList.remove("playing");
    place(playersOf(figure), 0);
    if (turn.length) play(turn.shift());
  });
}

for (const players of document.querySelectorAll(".players")) choose(currentOf(players));

for (const button of document.querySelectorAll(".all")) {
  button.addEventListener("click", () => {
    const figures = figuresOf(button.closest(".sentence"));
    place(playersOf(figures[0]), 0);
    turn = figures.slice(1);
    play(figures[0]);
  });
}

document.addEventListener("keydown", (event) => {
  const card = event.target.closest(".sentence");
  if (!card || event.ctrlKey || event.altKey || event.metaKey || event.target.matches("select, input:not(.seek)")) return;
  const figure = figuresOf(card)[Number(event.key) - 1];
  if (figure) {
    switchTo(figure);
    figure.querySelector(".seek").focus({ preventScroll: true });
  } else if (event.key === " " && !event.target.closest("button, summary, .scroll")) {
    toggle(currentOf(card));
  } else return;
  event.preventDefault();
});

const metric = document.getElementById("metric"), order = document.getElementById("order");
const list = document.getElementById("sentences");

/** Shows of a row what it scored in the metric that is sorted by, and marks where it is worst. */
function annotate(figure, name) {
  const label = metric.selectedOptions[0].text, value = JSON.parse(figure.dataset.values)[name];
  figure.querySelector(".value").textContent = value ? `${label} ${value}` : "";
  const marks = (JSON.parse(figure.dataset.worst)[name] || []).map((second, number) => {
    const mark = document.createElement("button");
    mark.type = "button";
    mark.textContent = number + 1;
    mark.style.left = `${(100 * second) / figure.dataset.seconds}%`;
    mark.setAttribute("aria-label", `Go to ${second} s in ${figure.dataset.row}: ${label} is worst there, place ${number + 1}`);
    mark.addEventListener("click", () => { mark.focus(); seek(figure, second / Number(figure.dataset.seconds)); });
    return mark;
  });
  figure.querySelector(".worst").replaceChildren(...marks);
}

function sort() {
  const name = metric.value, sign = order.value[0] === "-" ? -1 : 1, what = order.value.slice(1);
  const key = (card) => (name ? JSON.parse(card.dataset.sort)[what][name] : Number(card.dataset.number));
  const cards = [...list.children].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x === null || y === null) return (x === null) - (y === null); // without a value: last, either way
    return name ? sign * (x - y) : x - y;
  });
  list.append(...cards);
  order.disabled = !name;
  for (const figure of list.querySelectorAll("figure")) annotate(figure, name);
  status.textContent = `Sorted by ${metric.selectedOptions[0].text}${name ? ", " + order.selectedOptions[0].text : ""}`;
}

if (metric) {
  metric.addEventListener("change", sort);
  order.addEventListener("change", sort);
  sort();
}
for (const box of document.querySelectorAll("[data-shows]")) {
  const show = () => document.body.classList.toggle(`no-${box.dataset.shows}`, !box.checked);
  box.addEventListener("change", show);
  show(); // a reloaded page keeps its boxes
}
