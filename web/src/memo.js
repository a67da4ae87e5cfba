// memo makes a component that is drawn again only when one of its properties is
// another.
import { Component, h } from "preact";

export const memo = (draw) =>
  class extends Component {
    shouldComponentUpdate(next) {
      return Object.keys({ ...next, ...this.props }).some((k) => next[k] !== this.props[k]);
    }
    render(props) {
      return h(draw, props);
    }
  };
