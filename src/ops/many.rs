//! Operations of any number of inputs.
//!
//! candle's custom operations take up to three inputs. A transformer layer has more than sixteen: its parameters hang
//! on a chain of *links*, operations of three inputs whose output, one zero, means nothing. The real operation takes the
//! chain's end as its only input. candle walks a graph from the loss backwards, so the operation is asked for gradients
//! before its links; it leaves them where the links pick up what belongs to their inputs. Gradients of variables can go past
//! candle altogether ([`super::gradient`]).

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{CpuStorage, CustomOp1, CustomOp3, Device, Layout, Result, Shape, Tensor};

use super::gradient::{Gradient, is_collected, leave};
use super::scratch::Buffer;
use super::slices::stored_floats;

/// An operation on 32-bit floats in main memory.
pub(super) trait Operation: Send + Sync + 'static {
    /// What the forward pass keeps for the backward pass.
    type Saved: Send;

    fn name(&self) -> &'static str;

    /// The output, and with `keep` what the backward pass needs.
    fn forward(&self, inputs: &[&[f32]], keep: bool) -> (Vec<f32>, Option<Self::Saved>);

    /// Gradients of the inputs from the output's; one for each that is wanted.
    fn backward(&self, inputs: &[&[f32]], saved: Self::Saved, grad: &[f32], wanted: &[bool]) -> Vec<Option<Buffer>>;
}

/// The operation on these inputs; differentiable in those that track gradients.
pub(super) fn apply<O: Operation>(operation: O, inputs: &[&Tensor], shape: Shape) -> Result<Tensor> {
    let contiguous: Vec<Tensor> = inputs.iter().map(|input| input.contiguous()).collect::<Result<_>>()?;
    let wanted: Vec<bool> = inputs.iter().map(|input| input.track_op()).collect();
    let tracks = wanted.contains(&true);
    // A variable has no graph, and must stay one to be recognised in the backward pass.
    let detached: Vec<Tensor> =
        contiguous.iter().map(|input| if input.is_variable() { input.clone() } else { input.detach() }).collect();
    let (output, saved) = with_floats(operation.name(), &detached, |inputs| operation.forward(inputs, tracks))?;
    if !tracks {
        return Tensor::from_vec(output, shape, &Device::Cpu);
    }
    let gradients = Gradients::default();
    let tracked: Vec<(usize, &Tensor)> = contiguous.iter().enumerate().filter(|(n, _)| wanted[*n]).collect();
    let end = link(&tracked, &gradients)?;
    let node = Node {
        operation,
        inputs: detached,
        wanted,
        shape,
        output: Mutex::new(Some(output)),
        saved: Mutex::new(saved),
        gradients,
    };
    end.apply_op1(node)
}

/// Where the operation leaves gradients for its links: one place for each input.
type Gradients = Arc<Mutex<Vec<Left>>>;

/// What a link finds for one of its inputs.
#[derive(Default)]
enum Left {
    /// No gradient was wanted, or it was picked up already.
    #[default]
    Nothing,
    /// The gradient of a variable went past candle's store.
    Collected,
    Here(Tensor),
}

/// Calls `f` with the numbers of tensors in main memory, on a thread of the pool: an operation has dozens of loops.
fn with_floats<R: Send>(name: &'static str, tensors: &[Tensor], f: impl FnOnce(&[&[f32]]) -> R + Send) -> Result<R> {
    let storages: Vec<_> = tensors.iter().map(Tensor::storage_and_layout).collect();
    let slices: Vec<&[f32]> =
        storages.iter().map(|(storage, layout)| stored_floats(name, storage, layout)).collect::<Result<_>>()?;
    Ok(super::in_pool(|| f(&slices)))
}

struct Node<O: Operation> {
    operation: O,
    /// Without their graphs: those hang on the links.
    inputs: Vec<Tensor>,
    wanted: Vec<bool>,
    shape: Shape,
    /// Computed before the node exists; moves into its tensor.
    output: Mutex<Option<Vec<f32>>>,
    saved: Mutex<Option<O::Saved>>,
    gradients: Gradients,
}

fn take<T>(place: &Mutex<Option<T>>) -> Option<T> {
    place.lock().unwrap_or_else(PoisonError::into_inner).take()
}

impl<O: Operation> CustomOp1 for Node<O> {
    fn name(&self) -> &'static str {
        self.operation.name()
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        let output = match take(&self.output) {
            Some(output) => output,
            None => with_floats(self.name(), &self.inputs, |inputs| self.operation.forward(inputs, false).0)?,
        };
        Ok((CpuStorage::F32(output), self.shape.clone()))
    }

    fn bwd(&self, end: &Tensor, _res: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let grad = grad.contiguous()?;
        let (grad_storage, grad_layout) = grad.storage_and_layout();
        let grad = stored_floats(self.name(), &grad_storage, grad_layout)?;
        let computed = with_floats(self.name(), &self.inputs, |inputs| {
            // A second backward pass through the same graph makes again what the first has used up.
            let saved = take(&self.saved).or_else(|| self.operation.forward(inputs, true).1);
            saved.map(|saved| self.operation.backward(inputs, saved, grad, &self.wanted))
        })?;
        let computed = computed.ok_or_else(|| missing(self.name()))?;
        let mut gradients = Vec::with_capacity(self.inputs.len());
        for (input, values) in self.inputs.iter().zip(computed) {
            gradients.push(match values {
                None => Left::Nothing,
                Some(values) if is_collected(input) => {
                    leave(input.id(), input.shape(), Gradient::Whole(values))?;
                    Left::Collected
                }
                Some(values) => Left::Here(Tensor::from_vec(values.into_vec(), input.shape(), &Device::Cpu)?),
            });
        }
        *self.gradients.lock().unwrap_or_else(PoisonError::into_inner) = gradients;
        Ok(Some(end.zeros_like()?))
    }
}

fn missing(name: &str) -> candle_core::Error {
    candle_core::Error::Msg(format!("{name}: a gradient is missing")).bt()
}

/// Hangs the tensors on a chain; its end is one zero that depends on all of them.
fn link(tensors: &[(usize, &Tensor)], gradients: &Gradients) -> Result<Tensor> {
    let nothing = Tensor::zeros(1, candle_core::DType::F32, &Device::Cpu)?;
    let (here, rest) = tensors.split_at(tensors.len().min(2));
    let next = if rest.is_empty() { nothing.clone() } else { link(rest, gradients)? };
    let place = |n: usize| here.get(n).map(|(index, _)| *index);
    let tensor = |n: usize| here.get(n).map_or(&nothing, |(_, tensor)| *tensor);
    tensor(0).apply_op3(tensor(1), &next, Link { places: [place(0), place(1)], gradients: Arc::clone(gradients) })
}

struct Link {
    /// Which inputs of the operation the first two of this link are.
    places: [Option<usize>; 2],
    gradients: Gradients,
}

impl CustomOp3 for Link {
    fn name(&self) -> &'static str {
        "link"
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        Ok((CpuStorage::F32(vec![0.0]), Shape::from(1)))
    }

    fn bwd(
        &self,
        _: &Tensor,
        _: &Tensor,
        next: &Tensor,
        _: &Tensor,
        _: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let mut gradients = self.gradients.lock().unwrap_or_else(PoisonError::into_inner);
        let mut pick = |place: Option<usize>| match place {
            Some(n) => match gradients.get_mut(n).map(std::mem::take) {
                Some(Left::Here(gradient)) => Ok(Some(gradient)),
                Some(Left::Collected) => Ok(None),
                Some(Left::Nothing) | None => Err(missing("link")),
            },
            None => Ok(None),
        };
        let (first, second) = (pick(self.places[0])?, pick(self.places[1])?);
        Ok((first, second, if next.track_op() { Some(next.zeros_like()?) } else { None }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use candle_core::{Shape, Tensor};

    use super::{Operation, apply};
    use crate::ops::gradient::{Gradient, collect};
    use crate::ops::scratch::Buffer;
    use crate::ops::verify::{assert_close, assert_gradients, assert_same_gradients, random_var};

    /// The sum over n of (n + 1) times the square of input n.
    struct Squares;

    impl Operation for Squares {
        type Saved = ();

        fn name(&self) -> &'static str {
            "squares"
        }

        fn forward(&self, inputs: &[&[f32]], keep: bool) -> (Vec<f32>, Option<()>) {
            let mut sums = vec![0.0; inputs[0].len()];
            for (n, input) in inputs.iter().enumerate() {
                sums.iter_mut().zip(*input).for_each(|(sum, v)| *sum += (n + 1) as f32 * v * v);
            }
            (sums, keep.then_some(()))
        }

        fn backward(&self, inputs: &[&[f32]], (): (), grad: &[f32], wanted: &[bool]) -> Vec<Option<Buffer>> {
            let one = |n: usize| -> Vec<f32> {
                inputs[n].iter().zip(grad).map(|(v, g)| 2.0 * (n + 1) as f32 * v * g).collect()
            };
            let one = |n| Buffer::copy_of(&one(n));
            wanted.iter().enumerate().map(|(n, wanted)| wanted.then(|| one(n))).collect()
        }
    }

    fn composed(inputs: &[&Tensor]) -> crate::Result<Tensor> {
        let terms = inputs.iter().enumerate().map(|(n, input)| input.sqr()? * (n + 1) as f64);
        Ok(terms.reduce(|a, b| a? + b?).unwrap()?)
    }

    #[test]
    fn any_number_of_inputs_gets_its_gradients() {
        for count in [1, 2, 3, 4, 7] {
            let vars: Vec<_> = (0..count).map(|n| random_var(&[5], 1.0, n)).collect();
            let inputs: Vec<&Tensor> = vars.iter().map(candle_core::Var::as_tensor).collect();
            let all: Vec<_> = vars.iter().collect();
            let own = || Ok(apply(Squares, &inputs, Shape::from(5))?);
            assert_gradients("squares", &all, own);
            assert_same_gradients("squares", &all, own, || composed(&inputs), 1e-6);
        }
    }

    /// With a variable that is an input twice, and one that candle's store gets a part of too.
    #[test]
    fn collected_gradients_are_those_of_candle_s_store() {
        let vars: Vec<_> = (0..3).map(|n| random_var(&[5], 1.0, n)).collect();
        let inputs = [vars[0].as_tensor(), vars[1].as_tensor(), vars[0].as_tensor(), vars[2].as_tensor()];
        let y = apply(Squares, &inputs, Shape::from(5)).unwrap();
        let loss = (y + (vars[2].as_tensor() * 3.0).unwrap()).unwrap().sum_all().unwrap();
        let plain = loss.backward().unwrap();
        let (stored, collected) = collect(|| loss.backward().unwrap());
        for (n, var) in vars.iter().enumerate() {
            let part = collected[&var.id()].clone();
            let whole = match stored.get(var) {
                Some(rest) => part.add(Gradient::Stored(rest.clone()), var.shape()).unwrap(),
                None => part,
            };
            assert_eq!(stored.get(var).is_some(), n == 2);
            assert_close("sum", &whole.to_tensor(var.shape()).unwrap(), plain.get(var).unwrap(), 1e-6);
        }
        assert_eq!(loss.backward().unwrap().get(&vars[0]).unwrap().dims(), [5]);
    }

    #[test]
    fn a_frozen_input_gets_none_and_a_second_backward_pass_gives_the_same() {
        let vars: Vec<_> = (0..4).map(|n| random_var(&[5], 1.0, n)).collect();
        let frozen = vars[1].as_detached_tensor();
        let inputs = [vars[0].as_tensor(), &frozen, vars[2].as_tensor(), vars[3].as_tensor()];
        let loss = apply(Squares, &inputs, Shape::from(5)).unwrap().sum_all().unwrap();
        let (first, second) = (loss.backward().unwrap(), loss.backward().unwrap());
        assert!(first.get(&vars[1]).is_none());
        for n in [0, 2, 3] {
            let values = |grads: &candle_core::backprop::GradStore| grads.get(&vars[n]).unwrap().to_vec1::<f32>();
            assert_eq!(values(&first).unwrap(), values(&second).unwrap());
        }
    }

    /// [`Squares`] that shares something with the test.
    struct Shared(#[allow(dead_code)] Arc<()>);

    impl Operation for Shared {
        type Saved = Arc<()>;

        fn name(&self) -> &'static str {
            "shared"
        }

        fn forward(&self, inputs: &[&[f32]], keep: bool) -> (Vec<f32>, Option<Arc<()>>) {
            (Squares.forward(inputs, keep).0, keep.then(|| Arc::clone(&self.0)))
        }

        fn backward(&self, inputs: &[&[f32]], _: Arc<()>, grad: &[f32], wanted: &[bool]) -> Vec<Option<Buffer>> {
            Squares.backward(inputs, (), grad, wanted)
        }
    }

    #[test]
    fn nothing_of_a_graph_outlives_its_last_tensor() {
        let vars: Vec<_> = (0..4).map(|n| random_var(&[5], 1.0, n)).collect();
        let inputs: Vec<&Tensor> = vars.iter().map(candle_core::Var::as_tensor).collect();
        let shared = Arc::new(());
        let y = apply(Shared(Arc::clone(&shared)), &inputs, Shape::from(5)).unwrap();
        let loss = y.sum_all().unwrap();
        // The operation's own, and what it saved.
        assert_eq!(Arc::strong_count(&shared), 3);
        let gradients = loss.backward().unwrap();
        assert_eq!(Arc::strong_count(&shared), 2);
        drop((y, loss));
        assert_eq!(Arc::strong_count(&shared), 1);
        assert!(gradients.get(&vars[3]).is_some());
    }

    #[test]
    fn an_input_that_comes_from_a_graph_passes_its_gradient_on() {
        let vars: Vec<_> = (0..3).map(|n| random_var(&[5], 1.0, n)).collect();
        let own = || {
            let doubled = (vars[0].as_tensor() * 2.0)?;
            Ok(apply(Squares, &[&doubled, vars[1].as_tensor(), vars[2].as_tensor(), &doubled], Shape::from(5))?)
        };
        let other = || {
            let doubled = (vars[0].as_tensor() * 2.0)?;
            composed(&[&doubled, vars[1].as_tensor(), vars[2].as_tensor(), &doubled])
        };
        assert_same_gradients("squares of a graph", &vars.iter().collect::<Vec<_>>(), own, other, 1e-6);
    }
}
